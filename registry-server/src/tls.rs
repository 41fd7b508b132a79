//! TLS by certificate files, for a server without a proxy before it.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig};
pub use tokio_rustls::TlsAcceptor;

/// What makes connections of TLS (1.2 and 1.3) with this certificate, and those above it, and its key: both in PEM form.
///
/// # Errors
/// What is wrong with which file, in one sentence.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let of = |flag: &str, path: &Path, why: &str| format!("{flag} {}: {why}", path.display());
    let read = |flag: &str, path: &Path| std::fs::read(path).map_err(|e| of(flag, path, &e.to_string()));
    let bytes = read("--tls-cert", certificate)?;
    let found: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = found.map_err(|e| of("--tls-cert", certificate, &format!("it cannot be read as PEM: {e}")))?;
    if chain.is_empty() {
        return Err(of("--tls-cert", certificate, "it has no certificate in PEM form (-----BEGIN CERTIFICATE-----)"));
    }
    let bytes = read("--tls-key", key)?;
    if bytes.windows(21).any(|part| part == b"ENCRYPTED PRIVATE KEY" || part == b"Proc-Type: 4,ENCRYPTE") {
        return Err(of(
            "--tls-key",
            key,
            "the key is locked with a password; write it without one to a file that only the server can read",
        ));
    }
    let private = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| of("--tls-key", key, "it has no private key in PEM form (-----BEGIN PRIVATE KEY-----)"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
    let config = config.with_no_client_auth().with_single_cert(chain, private);
    let mut config = config.map_err(|error| match error {
        Error::InconsistentKeys(_) => of("--tls-key", key, &format!("the key is not that of the certificate in {}", certificate.display())),
        error => of("--tls-cert", certificate, &format!("the certificate or its key cannot be used: {error}")),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
