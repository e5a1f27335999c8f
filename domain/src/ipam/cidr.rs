//! Ranges of addresses, in one spelling each.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A text that is no range of addresses; the message says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCidr(String);

/// An address in the one form in which it is compared and written: IPv6 as RFC 5952 says. `None` where it is none; an
/// IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) is none, as it would be a second spelling of another one.
#[must_use]
pub fn canonical(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.to_ipv4_mapped().is_none(),
    })
}

/// Splits `address/length`; a length in another spelling than its own (`/024`, `/+24`) is refused.
fn split(text: &str, like: &str) -> Result<(IpAddr, u8), InvalidCidr> {
    let no_range = || InvalidCidr(format!("{text} is no range of addresses: write one such as {like}"));
    let (address, length) = text.split_once('/').ok_or_else(no_range)?;
    let address = canonical(address).ok_or_else(no_range)?;
    let number: u8 = length.parse().map_err(|_| no_range())?;
    if number.to_string() != length {
        return Err(no_range());
    }
    Ok((address, number))
}

fn host_bits(text: &str, proper: &dyn fmt::Display) -> InvalidCidr {
    InvalidCidr(format!("{text} names an address within a range: write the range, {proper}"))
}

/// A range of IPv4 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr4 {
    first: Ipv4Addr,
    length: u8,
}

impl Cidr4 {
    /// The range of `length` leading bits that an address is in; `None` for a length beyond 32.
    #[must_use]
    pub fn around(address: Ipv4Addr, length: u8) -> Option<Self> {
        let host = 32u32.checked_sub(length.into())?;
        let mask = u32::MAX.checked_shl(host).unwrap_or(0);
        Some(Self { first: Ipv4Addr::from_bits(address.to_bits() & mask), length })
    }

    /// Its first address, which names the network.
    #[must_use]
    pub fn first(self) -> Ipv4Addr {
        self.first
    }

    /// Its last address, to which broadcasts go.
    #[must_use]
    pub fn last(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.first.to_bits() | u32::MAX.checked_shr(self.length.into()).unwrap_or(0))
    }

    /// Number of leading bits that all its addresses share.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(self, address: Ipv4Addr) -> bool {
        (self.first..=self.last()).contains(&address)
    }
}

impl FromStr for Cidr4 {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let like = "192.168.1.0/24";
        let (address, length) = split(text, like)?;
        let IpAddr::V4(address) = address else {
            return Err(InvalidCidr(format!(
                "{text} is a range of IPv6 addresses: write an IPv4 one such as {like}"
            )));
        };
        let range = Self::around(address, length)
            .ok_or_else(|| InvalidCidr(format!("{text}: an IPv4 range has at most 32 leading bits")))?;
        if range.first == address { Ok(range) } else { Err(host_bits(text, &range)) }
    }
}

impl fmt::Display for Cidr4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

/// A range of IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr6 {
    first: Ipv6Addr,
    length: u8,
}

impl Cidr6 {
    /// The range of `length` leading bits that an address is in; `None` for a length beyond 128.
    #[must_use]
    pub fn around(address: Ipv6Addr, length: u8) -> Option<Self> {
        let host = 128u32.checked_sub(length.into())?;
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        Some(Self { first: Ipv6Addr::from_bits(address.to_bits() & mask), length })
    }

    /// Its first address.
    #[must_use]
    pub fn first(self) -> Ipv6Addr {
        self.first
    }

    /// Number of leading bits that all its addresses share.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(self, address: Ipv6Addr) -> bool {
        Self::around(address, self.length) == Some(self)
    }
}

impl FromStr for Cidr6 {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let like = "2001:db8:1::/64";
        let (address, length) = split(text, like)?;
        let IpAddr::V6(address) = address else {
            return Err(InvalidCidr(format!(
                "{text} is a range of IPv4 addresses: write an IPv6 one such as {like}"
            )));
        };
        let range = Self::around(address, length)
            .ok_or_else(|| InvalidCidr(format!("{text}: an IPv6 range has at most 128 leading bits")))?;
        if range.first == address { Ok(range) } else { Err(host_bits(text, &range)) }
    }
}

impl fmt::Display for Cidr6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused<T: FromStr<Err = InvalidCidr> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err().to_string()
    }

    #[test]
    fn a_range_that_is_misspelt_is_told_how_to_be_written() {
        assert_eq!(
            refused::<Cidr4>("10.0.0.5/24"),
            "10.0.0.5/24 names an address within a range: write the range, 10.0.0.0/24"
        );
        assert_eq!(
            refused::<Cidr6>("2001:DB8::1/64"),
            "2001:DB8::1/64 names an address within a range: write the range, 2001:db8::/64"
        );
        assert!(refused::<Cidr4>("2001:db8::/64").contains("write an IPv4 one"));
        assert!(refused::<Cidr6>("10.0.0.0/8").contains("write an IPv6 one"));
        for text in
            ["10.0.0.0", "10.0.0.0/", "10.0.0/24", "010.0.0.0/8", "10.0.0.0/024", "10.0.0.0/+8", "", "/"]
        {
            assert!(refused::<Cidr4>(text).contains("is no range of addresses"), "{text}");
        }
        assert!(refused::<Cidr4>("10.0.0.0/33").contains("at most 32"));
        assert!(refused::<Cidr6>("::/129").contains("at most 128"));
    }

    #[test]
    fn the_ends_of_the_widest_and_of_the_narrowest_range() {
        let all: Cidr4 = "0.0.0.0/0".parse().unwrap();
        assert_eq!((all.first(), all.last()), (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST));
        let one: Cidr4 = "10.0.0.7/32".parse().unwrap();
        assert_eq!((one.first(), one.last()), (one.first(), Ipv4Addr::new(10, 0, 0, 7)));
        assert!("::/0".parse::<Cidr6>().unwrap().contains(Ipv6Addr::LOCALHOST));
    }

    #[test]
    fn an_address_has_one_spelling() {
        let canon = |text| canonical(text).map(|address| address.to_string());
        assert_eq!(canon("2001:0DB8:0:0:0:0:0:1").as_deref(), Some("2001:db8::1"));
        assert_eq!(canon("2001:db8::1"), canon("2001:db8:0::1"));
        assert_eq!(canon("::ffff:10.0.0.1"), None, "that is 10.0.0.1");
        assert_eq!(canon("10.0.0.01"), None, "some read it as octal");
    }

    proptest! {
        #[test]
        fn a_range_is_read_as_it_is_written(address in any::<u32>(), length in 0u8..=32) {
            let range = Cidr4::around(Ipv4Addr::from_bits(address), length).unwrap();
            prop_assert_eq!(range.to_string().parse::<Cidr4>().unwrap(), range);
            prop_assert!(range.contains(Ipv4Addr::from_bits(address)));
            prop_assert_eq!(range.last().to_bits() - range.first().to_bits(), ((1u64 << (32 - length)) - 1) as u32);
        }

        #[test]
        fn a_range_of_ipv6_is_read_as_it_is_written(address in any::<u128>(), length in 0u8..=128) {
            let range = Cidr6::around(Ipv6Addr::from_bits(address), length).unwrap();
            // What is written as an IPv4 address in IPv6's clothes cannot be read back, and is no range of ours.
            prop_assume!(range.first().to_ipv4_mapped().is_none());
            prop_assert_eq!(range.to_string().parse::<Cidr6>().unwrap(), range);
            prop_assert!(range.contains(Ipv6Addr::from_bits(address)));
        }
    }
}
