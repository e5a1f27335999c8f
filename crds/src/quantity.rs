//! Amounts of memory and disk as a person writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// An amount of bytes in Kubernetes' notation: a whole number with an optional suffix
/// `Ki Mi Gi Ti` (powers of 1024) or `k M G T` (powers of 1000).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteQuantity(pub String);

/// Why a [`ByteQuantity`] is not an amount: it has no digits, an unknown suffix, or overflows 64 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAQuantity(pub String);

impl std::fmt::Display for NotAQuantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} is no amount of bytes; write a whole number with a suffix such as 512Mi or 10Gi",
            self.0
        )
    }
}

impl std::error::Error for NotAQuantity {}

impl ByteQuantity {
    /// The amount in bytes.
    ///
    /// # Errors
    /// [`NotAQuantity`] where the text is not one; the API server refuses such objects before we see them.
    pub fn bytes(&self) -> Result<u64, NotAQuantity> {
        let wrong = || NotAQuantity(self.0.clone());
        let digits = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (number, suffix) = self.0.split_at(digits);
        let unit: u64 = match suffix {
            "" => 1,
            "k" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            "Ki" => 1 << 10,
            "Mi" => 1 << 20,
            "Gi" => 1 << 30,
            "Ti" => 1 << 40,
            _ => return Err(wrong()),
        };
        number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)
    }

    /// The amount in MiB, rounded up: Ganeti counts memory and disks in MiB.
    ///
    /// # Errors
    /// As [`ByteQuantity::bytes`].
    pub fn mebibytes(&self) -> Result<u64, NotAQuantity> {
        Ok(self.bytes()?.div_ceil(1 << 20))
    }
}

impl JsonSchema for ByteQuantity {
    fn schema_name() -> Cow<'static, str> {
        "ByteQuantity".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        crate::text::shaped(
            1,
            16,
            "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$",
            "write a whole number with a suffix, such as 512Mi or 20Gi; there are Ki Mi Gi Ti and k M G T",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::ByteQuantity;

    #[test]
    fn suffixes_are_kubernetes_own() {
        let mib = |text: &str| ByteQuantity(text.into()).mebibytes().ok();
        assert_eq!(mib("512Mi"), Some(512));
        assert_eq!(mib("2Gi"), Some(2048));
        assert_eq!(mib("1G"), Some(954), "1e9 bytes are 953.67 MiB, rounded up");
        assert_eq!(mib("0"), Some(0));
        assert_eq!(mib("12X"), None);
        assert_eq!(mib("Mi"), None);
        assert_eq!(mib("99999999999Ti"), None, "overflow is an error, not a wrap");
    }
}
