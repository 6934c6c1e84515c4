//! The start, in order: lock, store, authority, IAM, EC2, S3, door, data plane, instances.

use super::accounts::{OnlyOpen, Registry};
use super::ciphers::Ciphers;
use super::converge::Converger;
use super::data_plane::{self, DataPlane};
use super::diff::DryRegion;
use super::explain::Explanations;
use super::gate::Gate;
use super::gates::Calls;
use super::instance_facts::Facts;
use super::lifecycle::Lifecycle;
use super::notary::Notary;
use super::outside::Elsewhere;
use super::seal::Seal;
use super::services::{self, Parts};
use super::told::Told;
use super::ways::Ways;
use super::{Running, Settings, arrive, s3, upstream};
use crate::cli::env::Administrator;
use crate::cli::up::already;
use crate::control;
use crate::paths::{DataDir, write_private};
use crate::say::Trouble;
use postern_control::lifecycle as states;
use postern_door::{Authority, Behind, Door, Sort, Way};
use postern_ec2::Ec2;
use postern_iam::{Iam, Preload};
use postern_linux::Host;
use postern_organizations::Organizations;
use postern_resolver::Resolver;
use postern_s3::S3;
use postern_sandbox::{SandboxConfig, Sandboxes};
use postern_store::Store;
use serde_json::{Map, json};
use std::fs::File;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::Arc;
use time::OffsetDateTime;

/// Held for the daemon's life: one daemon a data directory.
pub fn lock(dir: &DataDir) -> Result<File, Trouble> {
    let file = File::options().create(true).truncate(false).write(true).open(dir.lock());
    let file = file.map_err(Trouble::at(format!("open {}", dir.lock().display())))?;
    match rustix::fs::flock(file.as_fd(), rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::AGAIN) => Err(match control::Running::find(dir)? {
            Some(running) => already(dir, &running),
            None => Trouble::new(format!("another postern is starting on {}", dir.path().display())),
        }),
        Err(error) => Err(Trouble::new(format!("lock {}: {error}", dir.lock().display()))),
    }
}

/// Brings the region up. When it returns, the API answers and the data plane is as the World wants it.
pub async fn begin(settings: &Settings, listener: TcpListener) -> Result<Running, Trouble> {
    let dir = &settings.dir;
    let now = OffsetDateTime::now_utc();
    upstream::enter(&settings.upstreams);
    let store = Arc::new(Store::open(&dir.file("state.db")).map_err(Trouble::at("open state.db"))?);
    let authority = authority(dir, now)?;
    let ca_pem = authority.certificate_pem().to_owned();

    let iam = Arc::new(Iam::open(Arc::clone(&store)).map_err(Trouble::at("load IAM"))?);
    accounts(settings, &iam, now).await?;
    let organizations = Organizations::open(Arc::clone(&store)).map_err(Trouble::at("load the organizations"))?;
    let organizations = Arc::new(organizations);
    register(settings, &iam, &organizations, now).await?;

    let runtime = tokio::runtime::Handle::current();
    let gate = Gate::new(Seal::load(&dir.message_key()).map_err(Trouble::at("read message-key"))?);
    let converger = Arc::new(Converger::default());
    let outside = Arc::new(Elsewhere {
        iam: Arc::clone(&iam),
        organizations: Arc::clone(&organizations),
        runtime: runtime.clone(),
        dir: dir.clone(),
    });
    let ec2 = Ec2::open(Arc::clone(&store), gate.clone(), settings.quotas.clone(), outside.clone(), converger.clone())
        .map_err(Trouble::at("load EC2"))?;
    let ec2 = Arc::new(ec2);
    let world = ec2.world();
    gate.set(Arc::clone(&world), Arc::clone(&iam), Arc::clone(&organizations));
    ec2.seed_account(settings.account, &settings.region).await.map_err(Trouble::new)?;
    // As after a host's reboot: what ran starts again, what was ending has ended.
    ec2.change(|draft| Ok(states::host_restarted(draft))).await.map_err(Trouble::new)?;

    let keys = Arc::new(OnlyOpen { iam: Arc::clone(&iam), organizations: Arc::clone(&organizations) });
    let notary = Arc::new(Notary::new(dir.clone(), authority.key_pem().to_owned()));
    let ciphers = Ciphers::open(dir, &store, &gate, now)?;
    let forward = ciphers.forward.clone();
    let objects = S3::open(&dir.file("s3"), keys.clone(), gate.clone(), settings.region.clone(), forward);
    let objects = objects.map_err(Trouble::at("open S3"))?;
    let endpoint = host_endpoint(&listener)?;
    let parts = Parts {
        settings,
        host_endpoint: &endpoint,
        store: &store,
        gate: &gate,
        ec2: &ec2,
        iam: &iam,
        organizations: &organizations,
        ciphers: &ciphers,
        notary: &notary,
        ca_pem: &ca_pem,
    };
    let (services, deliveries, sns) = services::make(&parts)?;
    let calls = Calls {
        gate: Arc::clone(&gate),
        iam: Arc::clone(&iam),
        services: services.clone(),
        s3: Arc::clone(&objects),
        account: settings.account,
    };
    let door = Door::new(
        Behind {
            services,
            s3: Arc::new(s3::Behind(Arc::clone(&objects))),
            upstreams: upstream::services(settings, &keys, &gate)?,
            keys,
            decisions: gate.log(),
            default_region: settings.region.clone(),
            documents: notary,
        },
        authority,
    );

    let host = Arc::new(Host::new().map_err(kernel("make the first namespace"))?);
    deliveries.host.get_or_init(|| Arc::clone(&host));
    let sandboxes = Sandboxes::new(SandboxConfig {
        data_dir: dir.path().to_path_buf(),
        ca_pem,
        extra_read_only_paths: settings.share.clone(),
        helper: None,
    })
    .map_err(kernel("prepare sandboxes"))?;
    let lifecycle = Lifecycle::new(dir.clone(), Arc::clone(&world), Arc::clone(&host), sandboxes, runtime.clone());
    lifecycle.set_ec2(Arc::clone(&ec2));
    let dry = DryRegion {
        world: Arc::clone(&world),
        account: settings.account,
        region: settings.region.clone(),
        quotas: settings.quotas.clone(),
        outside,
    };
    let ways = Ways { world: Arc::clone(&world), host: Arc::clone(&host) };
    let registry =
        Registry { iam: Arc::clone(&iam), organizations, account: settings.account, runtime: runtime.clone() };
    let facts = Facts::new(Arc::clone(&world), Arc::clone(&iam), runtime.clone());
    let (plane, _thread) = DataPlane::start(data_plane::Behind {
        world: Arc::clone(&world),
        host,
        door: Arc::clone(&door),
        resolver: Arc::new(Resolver::new(Arc::clone(&world))),
        facts,
        links: Arc::default(),
        runtime,
    })
    .map_err(Trouble::at("start the data plane"))?;
    converger.set(Arc::clone(&plane), Arc::clone(&lifecycle));
    plane.converge_everything().await.map_err(|refusal| {
        let inside = refusal.inside.unwrap_or(refusal.message);
        Trouble::new(format!("the data plane: {inside}")).hint("postern doctor says what this machine lacks")
    })?;

    sns.resume(OffsetDateTime::now_utc()).map_err(Trouble::at("load what SNS was sending"))?;
    serve_host(&door, listener)?;
    let told = told(settings, &endpoint, world, &lifecycle, objects, (registry, ec2));
    control::serve(dir, told.clone(), Arc::new(Explanations { door: Arc::clone(&door), ways, calls, dry }))?;
    lifecycle.kick_all();
    let uses = Arc::clone(&iam);
    tokio::spawn(async move { uses.keep_usage().await });
    Ok(Running { told, lifecycle, iam, endpoint })
}

fn told(
    settings: &Settings,
    endpoint: &str,
    world: Arc<std::sync::RwLock<postern_model::World>>,
    lifecycle: &Arc<Lifecycle>,
    objects: Arc<S3>,
    asked: (Registry, Arc<Ec2>),
) -> Arc<Told> {
    let mode = if postern_sandbox::rootless_within() { "rootless" } else { "root" };
    let fixed = Map::from_iter([
        ("endpoint".to_owned(), json!(endpoint)),
        ("region".to_owned(), json!(settings.region)),
        ("account".to_owned(), json!(settings.account)),
        ("data_dir".to_owned(), json!(settings.dir.path())),
        ("mode".to_owned(), json!(mode)),
    ]);
    Told::new(world, Arc::clone(lifecycle), move || objects.bucket_count(), asked, fixed)
}

/// For `map_err`: a kernel step that failed, with the way to find out more.
fn kernel<E: std::fmt::Display>(step: &'static str) -> impl FnOnce(E) -> Trouble {
    move |error| Trouble::at(step)(error).hint("postern doctor says what this machine lacks")
}

fn authority(dir: &DataDir, now: OffsetDateTime) -> Result<Authority, Trouble> {
    let (certificate, key) = (dir.authority(), dir.authority_key());
    if certificate.exists() && key.exists() {
        let read = |file| std::fs::read_to_string(file);
        let certificate = read(&certificate).map_err(Trouble::at("read ca.pem"))?;
        let key = read(&key).map_err(Trouble::at("read ca-key.pem"))?;
        return Authority::load(&certificate, &key).map_err(Trouble::new);
    }
    let authority = Authority::generate(now).map_err(Trouble::new)?;
    write_private(&key, authority.key_pem().as_bytes()).map_err(Trouble::at("write ca-key.pem"))?;
    write_private(&certificate, authority.certificate_pem().as_bytes()).map_err(Trouble::at("write ca.pem"))?;
    Ok(authority)
}

/// The default account's administrator, and the accounts of the configuration.
async fn accounts(settings: &Settings, iam: &Iam, now: OffsetDateTime) -> Result<(), Trouble> {
    let refused = |refusal: postern_call::Refusal| Trouble::new(refusal);
    let (access_key_id, secret_access_key) = iam.ensure_admin(settings.account, now).await.map_err(refused)?;
    let key = json!(Administrator { access_key_id, secret_access_key });
    write_private(&settings.dir.administrator(), key.to_string().as_bytes())
        .map_err(Trouble::at("write administrator.json"))?;
    let entries: Vec<Preload> = settings
        .accounts
        .iter()
        .flat_map(|account| {
            account.users.iter().map(|user| Preload {
                account: account.id,
                user: Some(user.name.clone()).filter(|name| name != "root"),
                access_keys: user.keys.iter().map(|key| (key.id.clone(), key.secret.clone())).collect(),
                policy_arns: user.policies.clone(),
            })
        })
        .collect();
    iam.preload(entries, now).await.map_err(|refusal| Trouble::new(format!("the configuration's users: {refusal}")))
}

/// The accounts that are there by configuration, now or formerly.
async fn register(
    settings: &Settings,
    iam: &Iam,
    organizations: &Organizations,
    now: OffsetDateTime,
) -> Result<(), Trouble> {
    let configured = settings
        .accounts
        .iter()
        .map(|account| (account.id, account.name.clone().unwrap_or_else(|| account.id.to_string())));
    let own = (settings.account, "default".to_owned());
    let known = iam.accounts().into_iter().map(|id| (id, id.to_string()));
    // What is registered first stays: a configured name wins over the others.
    for (id, name) in configured.chain([own]).chain(known) {
        organizations.register(id, &name, now).await.map_err(Trouble::new)?;
    }
    Ok(())
}

/// The URL of the host's own port.
fn host_endpoint(listener: &TcpListener) -> Result<String, Trouble> {
    let address = listener.local_addr().map_err(Trouble::at("find the port"))?;
    Ok(format!("http://{address}"))
}

/// Opens the host's own port.
fn serve_host(door: &Arc<Door>, listener: TcpListener) -> Result<(), Trouble> {
    listener.set_nonblocking(true).map_err(Trouble::at("set the port up"))?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(Trouble::at("set the port up"))?;
    door.open(Way { listener, sort: Sort::Either, arrive: arrive::by_address(), identify: arrive::from_host() });
    Ok(())
}
