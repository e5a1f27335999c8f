//! MAC addresses, and the 20 bits that all NICs of a network share.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use uuid::Uuid;

use super::Cidr6;

/// A text that is no MAC, or none that a NIC may have; the message says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidMac(String);

/// The MAC of one NIC: 48 bits, never a group's. Written in lower case with colons, and read in either case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(u64);

impl Mac {
    /// Number of low bits that are a NIC's own.
    pub const OWN_BITS: u32 = 28;

    /// The 20 leading bits.
    #[must_use]
    pub fn prefix(self) -> u32 {
        u32::try_from(self.0 >> Self::OWN_BITS).unwrap_or(u32::MAX)
    }

    /// The 28 bits after those.
    #[must_use]
    pub fn own(self) -> u32 {
        u32::try_from(self.0 & ((1 << Self::OWN_BITS) - 1)).unwrap_or(u32::MAX)
    }

    /// Its address in a range of 64 leading bits, as the guest makes it by itself (RFC 4291, appendix A: EUI-64 with the
    /// universal bit turned); `None` in a range of any other length, where guests make none.
    #[must_use]
    pub fn eui64(self, range: Cidr6) -> Option<Ipv6Addr> {
        let (high, low) = (self.0 >> 24, self.0 & 0xff_ffff);
        let own = (high << 40 | 0xff_fe00_0000 | low) ^ 0x0200_0000_0000_0000;
        (range.length() == 64).then(|| Ipv6Addr::from_bits(range.first().to_bits() | u128::from(own)))
    }
}

impl FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let octets: Option<Vec<u64>> = text.split(':').map(octet).collect();
        let octets = octets.filter(|octets| octets.len() == 6).ok_or_else(|| {
            InvalidMac(format!("{text} is no MAC: write six pairs of hex digits, such as aa:00:01:23:45:67"))
        })?;
        let mac = octets.iter().fold(0, |mac, octet| mac << 8 | octet);
        if octets.first().is_some_and(|first| first & 1 == 1) || mac == 0 {
            return Err(InvalidMac(format!(
                "{text} is no NIC's MAC: the first octet is even, and not all are 0, as in aa:00:01:23:45:67"
            )));
        }
        Ok(Self(mac))
    }
}

/// A pair of hex digits.
fn octet(pair: &str) -> Option<u64> {
    let digits = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(pair, 16).ok()).flatten()
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, a, b, c, d, e, g] = self.0.to_be_bytes();
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the MACs of a network begin with: 20 bits, as Synnefo's filters on the nodes have it, written `aa:00:1`. Only
/// locally administered unicast ones are prefixes: no maker of hardware gives them to anybody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacPrefix(u32);

impl MacPrefix {
    /// The prefix of these 20 bits; `None` where that is no locally administered unicast one.
    #[must_use]
    pub fn of(bits: u32) -> Option<Self> {
        (bits < 1 << 20 && bits >> 12 & 0b11 == 0b10).then_some(Self(bits))
    }

    /// Its 20 bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The MAC with this prefix and these 28 bits; higher ones are cut off.
    #[must_use]
    pub fn with(self, own: u32) -> Mac {
        Mac(u64::from(self.0) << Mac::OWN_BITS | u64::from(own) & ((1 << Mac::OWN_BITS) - 1))
    }

    /// The same as Ganeti takes it for a network: 24 bits, the last four of which are 0.
    #[must_use]
    pub fn for_ganeti(self) -> String {
        let [_, a, b, c] = (self.0 << 4).to_be_bytes();
        format!("{a:02x}:{b:02x}:{c:02x}")
    }
}

/// The 28 bits that a NIC's MAC begins to look from: its id's first ones. An id of version 5 is a hash, so they are spread
/// evenly.
#[must_use]
pub(super) fn wanted_bits(nic: Uuid) -> u32 {
    nic.as_fields().0 >> (u32::BITS - Mac::OWN_BITS)
}

impl FromStr for MacPrefix {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let bits = || {
            let (octets, last) = text.rsplit_once(':')?;
            let (first, second) = octets.split_once(':')?;
            let last = (last.len() == 1).then(|| u32::from_str_radix(last, 16).ok()).flatten()?;
            u32::try_from(octet(first)? << 12 | octet(second)? << 4).ok().map(|octets| octets | last)
        };
        let bits = bits().ok_or_else(|| {
            InvalidMac(format!("{text} is no MAC prefix: write five hex digits, such as aa:00:1"))
        })?;
        Self::of(bits).ok_or_else(|| {
            InvalidMac(format!(
                "{text} is not locally administered unicast: the second digit must be 2, 6, a or e, as in aa:00:1"
            ))
        })
    }
}

impl fmt::Display for MacPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}:{:x}", self.0 >> 12, self.0 >> 4 & 0xff, self.0 & 0xf)
    }
}

impl fmt::Debug for MacPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mac(text: &str) -> Mac {
        text.parse().unwrap()
    }

    #[test]
    fn the_address_that_a_guest_makes_of_its_mac() {
        let range: Cidr6 = "2001:db8:1:2::/64".parse().unwrap();
        let address = |text| mac(text).eui64(range).unwrap().to_string();
        // RFC 4291, appendix A, and one that is locally administered.
        assert_eq!(address("34:56:78:9a:bc:de"), "2001:db8:1:2:3656:78ff:fe9a:bcde");
        assert_eq!(address("aa:00:01:23:45:67"), "2001:db8:1:2:a800:1ff:fe23:4567");
        assert_eq!(mac("aa:00:01:23:45:67").eui64("2001:db8::/48".parse().unwrap()), None);
    }

    #[test]
    fn a_group_and_nobody_have_no_nic() {
        for text in ["01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"] {
            assert!(text.parse::<Mac>().unwrap_err().to_string().contains("is no NIC's MAC"), "{text}");
        }
        for text in [
            "",
            "aa:00:01",
            "aa:00:01:23:45:6",
            "aa:00:01:23:45:+6",
            "aa-00-01-23-45-67",
            "aa:00:01:23:45:67:89",
        ] {
            assert!(text.parse::<Mac>().unwrap_err().to_string().contains("is no MAC"), "{text}");
        }
        assert_eq!(mac("AA:00:01:23:45:67"), mac("aa:00:01:23:45:67"));
    }

    #[test]
    fn only_what_is_locally_administered_is_a_prefix() {
        let prefix: MacPrefix = "aa:00:1".parse().unwrap();
        assert_eq!((prefix.to_string().as_str(), prefix.for_ganeti().as_str()), ("aa:00:1", "aa:00:10"));
        assert_eq!(prefix.with(0x234_5678).to_string(), "aa:00:12:34:56:78");
        for text in ["ab:00:1", "a8:00:1", "00:16:3", "52:54:0"] {
            assert_eq!(text.parse::<MacPrefix>().is_ok(), text == "52:54:0", "{text}");
        }
        for text in ["aa:00", "aa:00:10", "aa:0:1", "aa:00:g", "aa:00:1:", ":::"] {
            assert!(
                text.parse::<MacPrefix>().unwrap_err().to_string().contains("is no MAC prefix"),
                "{text}"
            );
        }
        // As many as Synnefo's pool of 65,536 from aa:00:0 on really had, and the one that it kept for public networks.
        let usable = (0xaa000..0xaa000 + 65_536).filter(|bits| MacPrefix::of(*bits).is_some()).count();
        assert_eq!(usable, 16_384);
    }

    proptest! {
        #[test]
        fn a_mac_is_read_as_it_is_written(bits in 0u32..1 << 20, own in any::<u32>()) {
            prop_assume!(MacPrefix::of(bits).is_some());
            let prefix = MacPrefix::of(bits).unwrap();
            let mac = prefix.with(own);
            prop_assert_eq!(mac.to_string().parse::<Mac>().unwrap(), mac);
            prop_assert_eq!(prefix.to_string().parse::<MacPrefix>().unwrap(), prefix);
            prop_assert_eq!((mac.prefix(), mac.own()), (bits, own & 0xfff_ffff));
            prop_assert!(mac.to_string().starts_with(&prefix.to_string()));
        }
    }
}
