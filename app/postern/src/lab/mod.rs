//! Labs: files of steps, run through the public API only, checked step by step, cleaned up afterwards.

mod file;
mod run;

pub use file::Lab;
pub use run::{Setting, run};

/// The labs of this build, in teaching order.
pub fn all() -> Vec<Lab> {
    [
        include_str!("../../../../labs/gateway-endpoint.toml"),
        include_str!("../../../../labs/bucket-for-one-endpoint.toml"),
        include_str!("../../../../labs/role-instead-of-keys.toml"),
        include_str!("../../../../labs/private-dns.toml"),
        include_str!("../../../../labs/no-nat.toml"),
        include_str!("../../../../labs/perimeter.toml"),
    ]
    .iter()
    .map(|text| Lab::read(text).unwrap_or_else(|error| panic!("a lab of this build is broken: {error}")))
    .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_lab_reads() {
        let labs = super::all();
        let mut known: Vec<String> = labs.iter().map(|lab| format!("{}.toml", lab.name)).collect();
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../labs");
        let files = std::fs::read_dir(directory).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        known.sort();
        files.sort();
        assert_eq!(known, files, "a lab's file bears its name, and every file is one of this build's labs");
        assert!(labs.iter().all(|lab| !lab.steps.is_empty() && !lab.cleanup.is_empty()));
    }
}
