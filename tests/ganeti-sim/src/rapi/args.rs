//! The query part of a URL, read as Python's `parse_qs` does.

use std::borrow::Cow;

use super::HttpError;

/// Arguments in their order. Blank values are dropped.
#[derive(Debug, Default)]
pub(crate) struct Args(Vec<(String, String)>);

impl Args {
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.filter(|(_, value)| !value.is_empty());
        Self(pairs.map(|(key, value)| (decode(key), decode(value))).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first value of an argument.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of an argument.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A whole number, 0 if absent.
    pub fn number(&self, name: &str) -> Result<i64, HttpError> {
        let invalid = || HttpError::new(400, format!("Invalid value for the '{name}' parameter"));
        self.first(name).map_or(Ok(0), |text| text.trim().parse().map_err(|_| invalid()))
    }

    /// A flag, given as a whole number.
    pub fn flag(&self, name: &str) -> Result<bool, HttpError> {
        Ok(self.number(name)? != 0)
    }
}

/// `+` is a space, `%XX` a byte; bytes that are no UTF-8 become replacement characters.
fn decode(text: &str) -> String {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    if !spaced.contains('%') {
        return spaced.into_owned();
    }
    let bytes = spaced.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let hex = bytes.get(index + 1..index + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                index += 3;
            }
            _ => {
                out.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Args;

    #[test]
    fn are_read_as_python_does() {
        let args = Args::parse(Some("tag=a%2Bb&tag=c+d&bulk=1&empty=&reason=gr%C3%BC%C3%9Fe%&lone"));
        assert_eq!(args.all("tag").collect::<Vec<_>>(), ["a+b", "c d"]);
        assert!(args.flag("bulk").unwrap());
        assert!(!args.flag("lock").unwrap());
        assert_eq!(args.first("empty"), None);
        assert_eq!(args.first("reason"), Some("grüße%"));
        let wrong = Args::parse(Some("bulk=true")).flag("bulk").unwrap_err();
        assert_eq!((wrong.code, wrong.message.as_str()), (400, "Invalid value for the 'bulk' parameter"));
        assert!(Args::parse(None).is_empty());
    }
}
