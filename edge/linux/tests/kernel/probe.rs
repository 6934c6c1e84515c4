//! The probe finds here what every other test uses.

use crate::support::privileged;
use postern_linux::probe;

#[test]
fn everything_essential_is_found() {
    privileged("probe::everything_essential_is_found", || {
        let probes = probe();
        let missing: Vec<_> = probes.iter().filter(|p| !p.ok).collect();
        assert!(missing.is_empty(), "{missing:#?}");
        assert!(probes.iter().all(|p| !p.found.is_empty()) && probes.len() > 8);
    });
}
