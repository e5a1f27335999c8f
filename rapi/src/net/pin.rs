//! The fingerprint of a certificate.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate's DER. Trusting a pin means trusting exactly that certificate, whatever
/// its names and dates say. Get it on the master with
/// `openssl x509 -in /var/lib/ganeti/rapi.pem -noout -fingerprint -sha256`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The fingerprint of this certificate.
    #[must_use]
    pub fn of_der(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no [`Pin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pin {text:?}: expected the SHA-256 of a certificate, 64 hexadecimal digits, with or without colons")]
pub struct PinError {
    /// The text, shortened.
    pub text: String,
}

impl FromStr for Pin {
    type Err = PinError;

    /// Accepts 64 hex digits, with colons between the bytes as `openssl` prints them or without, and
    /// the prefixes `sha256:` and `sha256 Fingerprint=` in any case.
    fn from_str(text: &str) -> Result<Self, PinError> {
        let error = || PinError { text: text.chars().take(100).collect() };
        let digits = strip_prefix(text.trim());
        let bytes: Vec<&[u8]> = if digits.contains(':') {
            digits.as_bytes().split(|byte| *byte == b':').collect()
        } else {
            digits.as_bytes().chunks(2).collect()
        };
        let mut pin = [0; 32];
        if bytes.len() != pin.len() {
            return Err(error());
        }
        for (slot, pair) in pin.iter_mut().zip(bytes) {
            *slot = byte_of(pair).ok_or_else(error)?;
        }
        Ok(Self(pin))
    }
}

fn strip_prefix(text: &str) -> &str {
    for prefix in ["sha256 fingerprint=", "sha256:"] {
        match text.get(..prefix.len()) {
            Some(head) if head.eq_ignore_ascii_case(prefix) => return &text[prefix.len()..],
            _ => {}
        }
    }
    text
}

fn byte_of(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pin;

    #[test]
    fn every_usual_way_to_write_a_pin_is_read() {
        let pin = Pin::of_der(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(pin.to_string(), format!("sha256:{hex}"));
        let colons: Vec<String> =
            hex.to_uppercase().as_bytes().chunks(2).map(|c| String::from_utf8_lossy(c).into()).collect();
        let colons = colons.join(":");
        for text in [
            hex.to_owned(),
            format!("SHA256:{hex}"),
            colons.clone(),
            format!("sha256:{colons}"),
            format!("sha256 Fingerprint={colons}\n"),
        ] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
    }

    #[test]
    fn what_is_no_pin_is_refused_with_the_form_expected() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for text in [
            "",
            "sha256:",
            "sha1:00",
            &hex[1..],
            &format!("{hex}00"),
            &hex.replace('e', "g"),
            &hex.replace("e3", "é"),
        ] {
            let error = text.parse::<Pin>().unwrap_err();
            assert!(error.to_string().contains("64 hexadecimal digits"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(pin) = text.parse::<Pin>() {
                prop_assert_eq!(pin.to_string().parse(), Ok(pin));
            }
        }
    }
}
