//! Every service behind the door: one line to make it, one line to tell its operations.

use super::accounts::{Controlled, Opening};
use super::believed;
use super::ciphers::Ciphers;
use super::gate::Gate;
use super::issuers::Issuers;
use super::notary::Notary;
use super::topics::Deliveries;
use super::{Settings, alarms};
use crate::say::Trouble;
use postern_access_analyzer::AccessAnalyzer;
use postern_dynamodb::DynamoDb;
use postern_ec2::Ec2;
use postern_iam::{Iam, IamService, StsService};
use postern_kms::KmsService;
use postern_logs::Logs;
use postern_monitoring::Monitoring;
use postern_organizations::{Organizations, OrganizationsService};
use postern_route53::Route53;
use postern_secretsmanager::SecretsManagerService;
use postern_serve::Service;
use postern_sns::Sns;
use postern_sqs::Sqs;
use postern_ssm::SsmService;
use postern_store::Store;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use time::OffsetDateTime;

/// The services of the shared codec by signing name.
pub type Services = HashMap<&'static str, Arc<dyn Service>>;

/// What services are made from.
pub struct Parts<'a> {
    pub settings: &'a Settings,
    /// The URL of the host's own port.
    pub host_endpoint: &'a str,
    pub store: &'a Arc<Store>,
    pub gate: &'a Arc<Gate>,
    pub ec2: &'a Arc<Ec2>,
    pub iam: &'a Arc<Iam>,
    pub organizations: &'a Arc<Organizations>,
    pub ciphers: &'a Ciphers,
    pub notary: &'a Arc<Notary>,
    /// Of the region's authority.
    pub ca_pem: &'a str,
}

/// Makes them all. Blocks; meant for the start.
pub fn make(parts: &Parts<'_>) -> Result<(Services, Arc<Deliveries>, Arc<Sns>), Trouble> {
    let Parts { settings, host_endpoint, store, gate, ec2, iam, organizations, ciphers, notary, ca_pem } = *parts;
    let issuers = Issuers::new(&settings.oidc)?;
    let mut services = Services::new();
    services.insert("access-analyzer", Arc::new(AccessAnalyzer::new(gate.clone())));
    let tables = DynamoDb::open(&settings.dir.file("dynamodb"), store.clone(), gate.clone());
    let tables = tables
        .map_err(|refusal| Trouble::new(format!("open DynamoDB: {}", refusal.inside.unwrap_or(refusal.message))))?;
    services.insert("dynamodb", Arc::new(tables));
    services.insert("ec2", ec2.clone());
    let controls = Arc::new(Controlled(Arc::clone(organizations)));
    services.insert("iam", Arc::new(IamService::new(iam.clone(), gate.clone()).under(controls)));
    services.insert("sts", Arc::new(StsService::new(iam.clone(), gate.clone()).trusting(issuers)));
    let monitoring = Monitoring::open(store.clone(), gate.clone(), OffsetDateTime::now_utc());
    let monitoring = Arc::new(monitoring.map_err(Trouble::at("load CloudWatch"))?);
    services.insert("monitoring", monitoring.clone());
    // Logs too have a database of their own: a batch can be a megabyte.
    let file = settings.dir.file("logs.db");
    let events = Arc::new(Store::open(&file).map_err(Trouble::at("open logs.db"))?);
    let logs = Logs::open(events, gate.clone()).map_err(Trouble::at("load the logs"))?;
    services.insert("logs", Arc::new(logs));
    let opening = Arc::new(Opening(Arc::clone(iam)));
    services.insert("organizations", Arc::new(OrganizationsService::new(organizations.clone(), gate.clone(), opening)));
    let route53 = Route53::open(ec2.clone(), gate.clone(), store.clone()).map_err(Trouble::at("load Route 53"))?;
    services.insert("route53", Arc::new(route53));
    // The queues have a database of their own, so that their traffic delays no other service's writes.
    let file = settings.dir.file("sqs.db");
    let messages = Arc::new(Store::open(&file).map_err(Trouble::at("open sqs.db"))?);
    let sqs = Sqs::open(messages, gate.clone(), host_endpoint.to_owned()).map_err(Trouble::at("load the queues"))?;
    let sqs = Arc::new(sqs);
    sqs.resume();
    let tls = believed::tls(ca_pem, settings.sns_ca_file.as_deref())?;
    let deliveries = Deliveries { sqs: sqs.clone(), world: ec2.world(), host: OnceLock::new(), tls };
    let deliveries = Arc::new(deliveries);
    let sns = Sns::open(store.clone(), gate.clone(), deliveries.clone(), Some(notary.clone()));
    let sns = Arc::new(sns.map_err(Trouble::at("load the topics"))?);
    alarms::watch(monitoring, sns.clone());
    services.insert("sns", sns.clone());
    services.insert("sqs", sqs);
    ciphers.enter(store, gate, &mut services)?;
    Ok((services, deliveries, sns))
}

/// Every service's operations that are served: for the coverage page.
pub fn implemented() -> BTreeMap<String, Vec<String>> {
    let served: Vec<(&str, Vec<&str>)> = vec![
        ("access-analyzer", AccessAnalyzer::implemented()),
        ("dynamodb", DynamoDb::implemented()),
        ("ec2", postern_control::verbs().map(|(name, _)| name).collect()),
        ("iam", IamService::implemented()),
        ("kms", KmsService::implemented()),
        ("logs", Logs::implemented()),
        ("monitoring", Monitoring::implemented()),
        ("organizations", OrganizationsService::implemented()),
        ("route53", Route53::implemented()),
        ("s3", postern_s3::S3::operations()),
        ("sns", Sns::implemented()),
        ("sqs", Sqs::implemented()),
        ("secretsmanager", SecretsManagerService::implemented()),
        ("ssm", SsmService::implemented()),
        ("sts", StsService::implemented()),
    ];
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    served.into_iter().map(|(service, names)| (service.to_owned(), owned(names))).collect()
}
