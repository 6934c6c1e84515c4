//! Trust in Postern's certificate authority: copies of the certificate bundles that clients on this host read, with one
//! certificate more. With them unmodified clients trust the region's services without an environment variable.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Layer;
use crate::spec::LayerRequest;

/// The bundle of Debian and its kin; made when no system bundle exists.
const DEBIAN_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

const SYSTEM_BUNDLES: [&str; 6] = [
    DEBIAN_BUNDLE,
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
];

/// Where Python packages that carry their own bundle keep it, below a package directory.
const PYTHON_BUNDLES: [&str; 5] = [
    "botocore/cacert.pem",
    "certifi/cacert.pem",
    "pip/_vendor/certifi/cacert.pem",
    "awscli/botocore/cacert.pem",
    "pip/_vendor/requests/cacert.pem",
];

/// Lays a patched copy over every bundle found in a shown directory.
pub(super) fn patch(layer: &Layer, request: &LayerRequest, shown: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    let mut bundles: Vec<PathBuf> = SYSTEM_BUNDLES.iter().filter_map(|p| fs::canonicalize(p).ok()).collect();
    if bundles.is_empty() {
        layer.put(Path::new(DEBIAN_BUNDLE), request.ca_pem.as_bytes(), 0o644)?;
    }
    bundles.extend(packaged(&request.extra_read_only_paths));
    bundles.sort();
    bundles.dedup();
    for bundle in bundles.iter().filter(|b| shown(b)) {
        let Ok(mut content) = fs::read(bundle) else { continue };
        if content.last().is_some_and(|last| *last != b'\n') {
            content.push(b'\n');
        }
        content.extend_from_slice(request.ca_pem.as_bytes());
        layer.put(bundle, &content, 0o644)?;
    }
    openssl_default_file(layer)?;
    let (file, profile) = login_files(&environment(&request.extra_read_only_paths));
    layer.put(Path::new("/etc/environment"), file.as_bytes(), 0o644)?;
    layer.put(Path::new("/etc/profile.d/postern.sh"), profile.as_bytes(), 0o644)
}

/// The login environment beside the user's own variables: PATH, language, and the bundle once more for clients that
/// carry a bundle which was not found.
pub(super) fn environment(extra: &[PathBuf]) -> Vec<(String, String)> {
    let mut path: Vec<String> = Vec::new();
    for place in extra {
        let found = ["shims", "bin"].iter().map(|name| place.join(name)).filter(|p| p.is_dir());
        path.extend(found.filter_map(|p| p.to_str().map(str::to_owned)));
    }
    path.extend(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(str::to_owned));
    let bundle = system_bundle();
    let mut environment = vec![("PATH".to_owned(), path.join(":")), ("LANG".to_owned(), "C.UTF-8".to_owned())];
    for name in ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
        environment.push((name.to_owned(), bundle.clone()));
    }
    environment
}

fn system_bundle() -> String {
    let found = SYSTEM_BUNDLES.iter().find(|p| fs::metadata(p).is_ok());
    found.map_or_else(|| DEBIAN_BUNDLE.to_owned(), |p| (*p).to_owned())
}

fn login_files(environment: &[(String, String)]) -> (String, String) {
    let file = environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let profile = environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    (file, profile)
}

/// OpenSSL's compiled-in default is a directory of hashed names, and a file beside it that Debian leaves out.
fn openssl_default_file(layer: &Layer) -> io::Result<()> {
    let file = Path::new("/usr/lib/ssl/cert.pem");
    if fs::symlink_metadata("/usr/lib/ssl").is_ok_and(|m| m.is_dir()) && fs::symlink_metadata(file).is_err() {
        layer.link(file, Path::new(&system_bundle()))?;
    }
    Ok(())
}

/// Bundles inside Python installations and the AWS CLI's own distribution. A bounded list of places, no search.
fn packaged(extra: &[PathBuf]) -> Vec<PathBuf> {
    let mut libraries: Vec<PathBuf> = vec!["/usr/lib".into(), "/usr/local/lib".into(), "/usr/share".into()];
    let mut distributions: Vec<PathBuf> = children(Path::new("/usr/local/aws-cli/v2"));
    let mut installations = children(Path::new("/opt"));
    for place in extra {
        installations.push(place.clone());
        installations.extend(children(&place.join("versions")));
        installations.extend(children(&place.join("envs")));
        distributions.extend(children(&place.join("v2")));
        distributions.push(place.clone());
    }
    for place in installations {
        libraries.extend([place.join("lib"), place.join("lib64")]);
    }
    let mut found = Vec::new();
    for library in libraries {
        for python in children(&library).into_iter().filter(|p| file_name_starts(p, "python")) {
            for packages in ["site-packages", "dist-packages"] {
                found.extend(PYTHON_BUNDLES.iter().map(|b| python.join(packages).join(b)));
            }
        }
    }
    found.extend(distributions.iter().map(|d| d.join("dist/awscli/botocore/cacert.pem")));
    found.iter().filter_map(|p| fs::canonicalize(p).ok()).collect()
}

fn children(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path()).collect()
}

fn file_name_starts(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix))
}
