//! RAPI's certificate, apart from its key.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::Error;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificate block of a file that holds the private key as well.
pub(crate) fn pem(file: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(file).map_err(Error::file("read", file))?;
    block(&text).ok_or_else(|| Error::content(file, "no certificate"))
}

fn block(text: &str) -> Option<String> {
    let start = text.find(BEGIN)?;
    let end = start + text[start..].find(END)? + END.len();
    Some(format!("{}\n", &text[start..end]))
}

/// SHA-256 of the certificate's DER form, lower-case hexadecimal.
pub(crate) fn sha256(file: &Path) -> Result<String, Error> {
    let pem = pem(file)?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| Error::content(file, error))?;
    Ok(Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn leaves_the_key_behind() {
        let certificate = format!("{}\nAAAA\n{}\n", super::BEGIN, super::END);
        let file = format!("-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n{certificate}");
        assert_eq!(super::block(&file), Some(certificate));
        assert_eq!(super::block("nothing"), None);
    }
}
