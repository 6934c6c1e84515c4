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
        assert_eq!(labs.len(), 3);
        assert!(labs.iter().all(|lab| !lab.steps.is_empty() && !lab.cleanup.is_empty()));
    }
}
