//! What the metadata service knows of instances: read from the World, credentials from IAM.

use postern_iam::Iam;
use postern_metadata::{
    FactsSource, InstanceFacts, InstanceProfile, InterfaceFacts, KeyFacts, MetadataOptions, RoleCredentials,
};
use postern_model::{Instance, KeyPair, NetworkInterface, World, images};
use postern_names::VpcId;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, RwLock, RwLockReadGuard};
use time::OffsetDateTime;

/// The facts of every VPC.
pub struct Facts {
    world: Arc<RwLock<World>>,
    iam: Arc<Iam>,
    runtime: tokio::runtime::Handle,
}

/// The facts of one VPC: an address names an instance only within it.
struct OfVpc {
    all: Arc<Facts>,
    vpc: VpcId,
}

impl Facts {
    pub fn new(world: Arc<RwLock<World>>, iam: Arc<Iam>, runtime: tokio::runtime::Handle) -> Arc<Self> {
        Arc::new(Self { world, iam, runtime })
    }

    pub fn of_vpc(self: &Arc<Self>, vpc: VpcId) -> Arc<dyn FactsSource> {
        Arc::new(OfVpc { all: Arc::clone(self), vpc })
    }

    fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(|e| e.into_inner())
    }
}

impl FactsSource for OfVpc {
    fn by_address(&self, peer: Ipv4Addr) -> Option<Arc<InstanceFacts>> {
        let world = self.all.world();
        let id = world.interface_by_address(self.vpc, peer.into())?.attachment.as_ref()?.instance?;
        let instance = world.instances.get(&id)?;
        let role = instance.profile.as_ref().and_then(|profile| {
            let known = self.all.iam.instance_profile(instance.owner, &profile.arn).ok()?;
            known.role_name
        });
        Some(Arc::new(facts(&world, instance, role)))
    }

    fn credentials(&self, asked: &InstanceFacts) -> Option<RoleCredentials> {
        let (account, profile, keys) = {
            let world = self.all.world();
            let instance = world.instances.get(&asked.id)?;
            (instance.owner, instance.profile.as_ref()?.arn.clone(), keys_of(&world, instance))
        };
        let (now, name) = (OffsetDateTime::now_utc(), asked.id.to_string());
        let made = self.all.iam.role_credentials_for_instance(account, &profile, &name, keys, now);
        // The session must be on the disk before anyone uses it; the runtime has other threads for the others.
        let session = tokio::task::block_in_place(|| self.all.runtime.block_on(made));
        let session =
            session.inspect_err(|refusal| tracing::warn!(instance = name, %refusal, "no credentials")).ok()?;
        Some(RoleCredentials {
            access_key_id: session.access_key_id,
            secret_access_key: session.secret_access_key,
            session_token: session.session_token,
            expiration: OffsetDateTime::from_unix_timestamp(session.expires).ok()?,
            last_updated: now,
        })
    }
}

/// The condition keys that an instance's credentials bring along (IAM guide, "EC2 instance source keys").
pub fn keys_of(world: &World, instance: &Instance) -> BTreeMap<String, Vec<String>> {
    let arn = format!("arn:aws:ec2:{}:{}:instance/{}", instance.region, instance.owner, instance.id);
    let mut keys = BTreeMap::from([
        ("aws:Ec2InstanceSourceVpc".to_owned(), vec![instance.vpc.to_string()]),
        ("ec2:SourceInstanceArn".to_owned(), vec![arn]),
        ("ec2:RoleDelivery".to_owned(), vec![if instance.metadata.tokens_required { "2.0" } else { "1.0" }.to_owned()]),
    ]);
    let primary = world.interfaces_of_instance(instance.id).first().and_then(|i| i.primary_address());
    if let Some(address) = primary {
        keys.insert("aws:Ec2InstanceSourcePrivateIPv4".to_owned(), vec![address.to_string()]);
    }
    keys
}

fn facts(world: &World, instance: &Instance, role: Option<String>) -> InstanceFacts {
    let key = instance.key_name.as_ref().and_then(|name| {
        let is_it = |k: &&KeyPair| k.name == *name && k.owner == instance.owner && k.region == instance.region;
        let found = world.key_pairs.values().find(is_it)?;
        Some(KeyFacts { name: name.clone(), openssh: found.public_key.clone() })
    });
    let profile = instance.profile.as_ref();
    InstanceFacts {
        id: instance.id,
        account: instance.owner,
        region: instance.region.clone(),
        zone: instance.zone.clone(),
        zone_id: instance.zone.id(),
        image: instance.image,
        launch_index: instance.launch_index,
        reservation: instance.reservation,
        instance_type: instance.instance_type.clone(),
        architecture: images().first().map_or("x86_64", |image| image.architecture).to_owned(),
        pending_time: instance.launched,
        key,
        profile: profile.map(|p| InstanceProfile { arn: p.arn.clone(), id: p.profile_id.clone(), role }),
        user_data: instance.user_data.as_deref().and_then(super::lifecycle::decode),
        interfaces: world
            .interfaces_of_instance(instance.id)
            .into_iter()
            .filter_map(|eni| interface(world, eni))
            .collect(),
        tags: instance.tags.clone().into_iter().collect(),
        options: MetadataOptions {
            tokens_required: instance.metadata.tokens_required,
            enabled: instance.metadata.enabled,
            hop_limit: instance.metadata.hop_limit,
            tags: instance.metadata.tags,
        },
    }
}

fn interface(world: &World, eni: &NetworkInterface) -> Option<InterfaceFacts> {
    let subnet = world.subnets.get(&eni.subnet)?;
    let vpc = world.vpcs.get(&eni.vpc)?;
    let named = |id| (id, world.security_groups.get(&id).map(|g| g.name.clone()).unwrap_or_default());
    let dashed = |address: Ipv4Addr| address.to_string().replace('.', "-");
    let public: Vec<(Ipv4Addr, Ipv4Addr)> =
        eni.addresses.iter().filter_map(|a| Some((a.address, world.public_address(eni.id, a.address)?))).collect();
    let public_name = |address: Ipv4Addr| match eni.region.as_str() {
        "us-east-1" => format!("ec2-{}.compute-1.amazonaws.com", dashed(address)),
        region => format!("ec2-{}.{region}.compute.amazonaws.com", dashed(address)),
    };
    Some(InterfaceFacts {
        id: eni.id,
        device_number: eni.attachment.as_ref()?.device_index,
        mac: eni.mac_text(),
        private_addresses: eni.addresses.iter().map(|a| a.address).collect(),
        private_dns: format!("ip-{}.{}", dashed(eni.primary_address()?), eni.region.internal_domain()),
        public_dns: public.first().filter(|_| vpc.enable_dns_hostnames).map(|(_, address)| public_name(*address)),
        public_addresses: public,
        owner: eni.owner,
        subnet: subnet.id,
        ipv6_addresses: eni.ipv6_addresses.clone(),
        subnet_cidr: subnet.cidr,
        subnet_ipv6_cidrs: subnet.ipv6.iter().map(|own| own.cidr).collect(),
        vpc: vpc.id,
        vpc_cidrs: vpc.cidrs.iter().map(|c| c.cidr).collect(),
        vpc_ipv6_cidrs: vpc.ipv6_cidrs.iter().map(|c| c.cidr).collect(),
        security_groups: eni.groups.iter().copied().map(named).collect(),
    })
}
