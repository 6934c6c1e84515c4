//! The services that interface endpoints can lead to: their endpoint names, and the public names an endpoint can take over.

use postern_names::Region;
use std::sync::OnceLock;

/// A service that interface endpoints can lead to. A new one is a row of [`INTERFACE_SERVICES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceService {
    /// As in service names and in the catalogue of public services: `sts`, `ecr.api`.
    pub name: &'static str,
    /// Where its endpoints can be and what their service name says.
    pub scope: Scope,
    /// The public names that an endpoint answers for with private DNS, `{r}` being the region; wildcards last, as AWS lists
    /// them. Empty: the service has no private DNS.
    private_names: &'static [&'static str],
    /// Clients put names of their own in front of an endpoint's names (a bucket), so that these begin with `*.`.
    pub has_names_in_front: bool,
    /// Answers on port 80 too.
    pub serves_http: bool,
}

/// Where a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In every region: `com.amazonaws.us-east-1.sts`.
    Regional,
    /// Once, in us-east-1: `com.amazonaws.iam`.
    Global,
}

/// Every service of type Interface.
pub const INTERFACE_SERVICES: &[InterfaceService] = &[
    // DynamoDB's endpoints have no private DNS: clients name the endpoint.
    regional("dynamodb", &[]),
    regional("ec2", &["ec2.{r}.amazonaws.com"]),
    InterfaceService { scope: Scope::Global, ..regional("iam", &["iam.amazonaws.com"]) },
    regional("kms", &["kms.{r}.amazonaws.com"]),
    regional("logs", &["logs.{r}.amazonaws.com", "logs.{r}.api.aws"]),
    regional(
        "monitoring",
        &[
            "monitoring.{r}.amazonaws.com",
            "monitoring.{r}.api.aws",
            "monitoring-fips.{r}.amazonaws.com",
            "monitoring-fips.{r}.api.aws",
        ],
    ),
    InterfaceService { scope: Scope::Global, ..regional("route53", &["route53.amazonaws.com"]) },
    InterfaceService {
        has_names_in_front: true,
        serves_http: true,
        ..regional("s3", &["s3.{r}.amazonaws.com", "*.s3.{r}.amazonaws.com"])
    },
    regional("sns", &["sns.{r}.amazonaws.com"]),
    regional("sqs", &["sqs.{r}.amazonaws.com"]),
    regional("secretsmanager", &["secretsmanager.{r}.amazonaws.com"]),
    regional("ssm", &["ssm.{r}.amazonaws.com"]),
    regional("sts", &["sts.{r}.amazonaws.com"]),
];

/// Where global services live.
const GLOBAL_REGION: &str = "us-east-1";

const fn regional(name: &'static str, private_names: &'static [&'static str]) -> InterfaceService {
    InterfaceService { name, scope: Scope::Regional, private_names, has_names_in_front: false, serves_http: false }
}

/// The services of type Interface that a region has.
pub fn interface_services(region: &Region) -> impl Iterator<Item = &'static InterfaceService> {
    let is_home = region.as_str() == GLOBAL_REGION;
    all().filter(move |service| is_home || service.scope == Scope::Regional)
}

/// The service of that name (`sts`, `ecr.api`).
pub fn interface_service(name: &str) -> Option<&'static InterfaceService> {
    all().find(|service| service.name == name)
}

fn all() -> impl Iterator<Item = &'static InterfaceService> {
    INTERFACE_SERVICES.iter().chain(FURTHER.get().into_iter().flatten())
}

/// See [`have_further_interface_services`].
static FURTHER: OnceLock<Vec<InterfaceService>> = OnceLock::new();

/// Further services whose clients put a name of their own in front: an API, an account.
const WITH_WILDCARDS: &[(&str, &[&str])] =
    &[("ecr.dkr", &["*.dkr.ecr.{r}.amazonaws.com"]), ("execute-api", &["*.execute-api.{r}.amazonaws.com"])];

/// Gives the region interface endpoints for services of these names (`states`, `ecr.api`) that have none of their own. To
/// be called once, before anything looks at the catalogue; further calls change nothing.
pub fn have_further_interface_services(names: &[String]) {
    let new = names.iter().filter(|name| INTERFACE_SERVICES.iter().all(|service| service.name != **name));
    FURTHER.get_or_init(|| {
        new.map(|name| {
            if let Some((name, private)) = WITH_WILDCARDS.iter().find(|(known, _)| known == name) {
                return regional(name, private);
            }
            // Hosts reverse the labels: `api.ecr.us-east-1.amazonaws.com`.
            let labels: Vec<&str> = name.rsplit('.').collect();
            let private: &'static str = format!("{}.{{r}}.amazonaws.com", labels.join(".")).leak();
            regional(name.clone().leak(), vec![private].leak())
        })
        .collect()
    });
}

impl InterfaceService {
    /// The endpoint service's name: `com.amazonaws.us-east-1.sts`.
    pub fn service_name(&self, region: &Region) -> String {
        match self.scope {
            Scope::Regional => format!("com.amazonaws.{region}.{}", self.name),
            Scope::Global => format!("com.amazonaws.{}", self.name),
        }
    }

    /// What stands behind an endpoint's own label in its names: `sts.us-east-1.vpce.amazonaws.com`.
    pub fn base_name(&self, region: &Region) -> String {
        let labels: Vec<&str> = self.name.rsplit('.').collect();
        format!("{}.{region}.vpce.amazonaws.com", labels.join("."))
    }

    /// The public names that an endpoint with private DNS answers for, wildcards last.
    pub fn private_names(&self, region: &Region) -> Vec<String> {
        self.private_names.iter().map(|name| name.replace("{r}", region.as_str())).collect()
    }
}

/// Whether a name is the one that a zone's record stands for: itself, or anything below a wildcard.
pub fn covers_name(record: &str, name: &str) -> bool {
    match record.strip_prefix("*.") {
        None => record == name,
        Some(parent) => {
            name.strip_suffix(parent).and_then(|front| front.strip_suffix('.')).is_some_and(|front| !front.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_service;

    #[test]
    fn every_service_is_in_the_catalogue_of_public_services() {
        let region = Region::new("us-east-1");
        for service in interface_services(&region) {
            assert!(public_service(&region, service.name).is_some(), "{}", service.name);
        }
        let far = Region::new("eu-west-1");
        assert!(interface_services(&far).all(|service| service.scope == Scope::Regional));
    }

    #[test]
    fn a_wildcard_covers_names_of_any_depth_below_it() {
        assert!(covers_name("*.s3.us-east-1.amazonaws.com", "a.b.s3.us-east-1.amazonaws.com"));
        assert!(!covers_name("*.s3.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"));
        assert!(!covers_name("*.s3.us-east-1.amazonaws.com", "as3.us-east-1.amazonaws.com"));
        assert!(covers_name("sts.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com"));
        assert!(!covers_name("sts.us-east-1.amazonaws.com", "a.sts.us-east-1.amazonaws.com"));
    }
}
