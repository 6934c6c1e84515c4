//! From a change of the World to packets: compile what it touches, compare with what runs, carry out the difference,
//! and put the daemon's own sockets to work.
//!
//! One thread does it, in order. Calls that wait at the same time share one round.

use super::arrive::{self, Links};
use super::instance_facts::Facts;
use postern_call::Refusal;
use postern_compiler::{compile_internet, compile_vpc};
use postern_door::{Door, Sort, Way};
use postern_linux::{Host, HostError, Opened, Socket};
use postern_model::{Change, Entity, EntityKey, World};
use postern_names::VpcId;
use postern_program::{Key, Namespace, Program, Role, Step, diff};
use postern_resolver::Resolver;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock, mpsc};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// The running data plane of one region's daemon.
pub struct DataPlane {
    queue: mpsc::Sender<Job>,
}

struct Job {
    touched: Touched,
    done: oneshot::Sender<Result<(), Refusal>>,
}

/// What a set of changes may have changed in the data plane.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Touched {
    /// These VPCs (and the internet, which is always looked at).
    Vpcs(BTreeSet<VpcId>),
    /// Cannot be told from the changes alone.
    Everything,
}

/// What the data plane's sockets lead to.
#[derive(Clone)]
pub struct Behind {
    pub world: Arc<RwLock<World>>,
    pub host: Arc<Host>,
    pub door: Arc<Door>,
    pub resolver: Arc<Resolver>,
    pub facts: Arc<Facts>,
    pub links: Arc<Links>,
    pub runtime: tokio::runtime::Handle,
}

impl DataPlane {
    /// Starts the thread. Nothing runs until the first [`DataPlane::converge`].
    pub fn start(behind: Behind) -> std::io::Result<(Arc<Self>, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel();
        let worker = Worker { behind, wanted: BTreeMap::new(), tasks: BTreeMap::new(), unsure: true };
        let thread = std::thread::Builder::new().name("data-plane".into()).spawn(move || worker.run(&jobs))?;
        Ok((Arc::new(Self { queue }), thread))
    }

    /// Returns when everything these changes ask for is in force.
    pub async fn converge(&self, changes: &[Change]) -> Result<(), Refusal> {
        let touched = Touched::by(changes);
        if touched == Touched::Vpcs(BTreeSet::new()) {
            return Ok(());
        }
        self.wait(touched).await
    }

    /// The same, whatever has changed.
    pub async fn converge_everything(&self) -> Result<(), Refusal> {
        self.wait(Touched::Everything).await
    }

    async fn wait(&self, touched: Touched) -> Result<(), Refusal> {
        let (done, waiting) = oneshot::channel();
        let stopped = || Refusal::internal("the data plane's thread has stopped");
        self.queue.send(Job { touched, done }).map_err(|_| stopped())?;
        waiting.await.map_err(|_| stopped())?
    }
}

impl Touched {
    fn by(changes: &[Change]) -> Self {
        let mut vpcs = BTreeSet::new();
        for change in changes {
            match Self::by_one(change) {
                Self::Everything => return Self::Everything,
                Self::Vpcs(more) => vpcs.extend(more),
            }
        }
        Self::Vpcs(vpcs)
    }

    fn by_one(change: &Change) -> Self {
        let entity = match change {
            Change::Put(entity) => entity,
            Change::Remove(EntityKey::KeyPair(_) | EntityKey::DhcpOptions(_) | EntityKey::HostedZone(_)) => {
                return Self::Vpcs(BTreeSet::new());
            }
            Change::Remove(EntityKey::Vpc(id)) => return Self::Vpcs(BTreeSet::from([*id])),
            Change::Remove(_) => return Self::Everything,
        };
        let vpc = match &**entity {
            Entity::Vpc(e) => e.id,
            Entity::Subnet(e) => e.vpc,
            Entity::NatGateway(e) => e.vpc,
            Entity::RouteTable(e) => e.vpc,
            Entity::SecurityGroup(e) => e.vpc,
            Entity::NetworkAcl(e) => e.vpc,
            Entity::NetworkInterface(e) => e.vpc,
            Entity::Endpoint(e) => e.vpc,
            Entity::Instance(e) => e.vpc,
            Entity::Peering(e) => return Self::Vpcs(BTreeSet::from([e.requester.vpc, e.accepter.vpc])),
            Entity::InternetGateway(_) | Entity::PrefixList(_) | Entity::Address(_) | Entity::Outages(_) => {
                return Self::Everything;
            }
            Entity::DhcpOptions(_) | Entity::KeyPair(_) | Entity::HostedZone(_) => return Self::Vpcs(BTreeSet::new()),
        };
        Self::Vpcs(BTreeSet::from([vpc]))
    }
}

/// A part of the whole program that is compiled on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Internet,
    Vpc(VpcId),
}

struct Worker {
    behind: Behind,
    /// What runs, piece by piece, as far as we know.
    wanted: BTreeMap<Piece, Program>,
    tasks: BTreeMap<Key, AbortHandle>,
    /// A round failed in the middle: the next one asks the host what runs.
    unsure: bool,
}

impl Worker {
    fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut round = vec![first];
            round.extend(jobs.try_iter());
            let result = self.round(&round);
            for job in round {
                let answer = result.as_ref().copied().map_err(|error| {
                    Refusal::internal(error).hint("the kernel refused a step; see the daemon's log, and postern doctor")
                });
                let _ = job.done.send(answer);
            }
        }
    }

    fn round(&mut self, jobs: &[Job]) -> Result<(), HostError> {
        let began = std::time::Instant::now();
        let steps = self.steps(jobs)?;
        let count = steps.len();
        for step in &steps {
            if let Step::Remove(key) | Step::Replace(key, _) = step
                && let Some(task) = self.tasks.remove(key)
            {
                task.abort();
            }
        }
        let applied = self.behind.host.apply(&steps);
        match applied {
            Ok(opened) => opened.into_iter().for_each(|socket| self.open(socket)),
            Err(error) => {
                tracing::error!(%error, "the data plane is not as wanted");
                self.unsure = true;
                return Err(error);
            }
        }
        self.behind.links.learn(&self.behind.world);
        let cut = self.behind.door.look_again();
        tracing::debug!(steps = count, cut, elapsed = ?began.elapsed(), "converged");
        Ok(())
    }

    fn steps(&mut self, jobs: &[Job]) -> Result<Vec<Step>, HostError> {
        let world = self.behind.world.read().unwrap_or_else(|e| e.into_inner());
        let everything = self.unsure || jobs.iter().any(|job| job.touched == Touched::Everything);
        let mut pieces: BTreeSet<Piece> = BTreeSet::from([Piece::Internet]);
        for job in jobs {
            if let Touched::Vpcs(vpcs) = &job.touched {
                pieces.extend(vpcs.iter().copied().map(Piece::Vpc));
                // A peered VPC's rules name groups, and its routes lead to ranges, of the touched one.
                let peered = vpcs.iter().flat_map(|vpc| world.peerings_of(*vpc)).map(|(_, other)| other.vpc);
                pieces.extend(peered.map(Piece::Vpc));
            }
        }
        if everything {
            pieces.extend(world.vpcs.keys().copied().map(Piece::Vpc));
            pieces.extend(self.wanted.keys().copied());
        }
        let mut running = Program::default();
        let mut wanted = Program::default();
        for piece in pieces {
            let compiled = match piece {
                Piece::Internet => compile_internet(&world),
                Piece::Vpc(id) => compile_vpc(&world, id),
            };
            let before = self.wanted.insert(piece, compiled.clone()).unwrap_or_default();
            if compiled.parts.is_empty() {
                self.wanted.remove(&piece);
            }
            running.parts.extend(before.parts);
            wanted.parts.extend(compiled.parts);
        }
        drop(world);
        if self.unsure {
            running = self.behind.host.program()?;
            self.unsure = false;
        }
        Ok(diff(&running, &wanted))
    }

    /// Puts a socket to work.
    fn open(&mut self, opened: Opened) {
        let Key::Listener(namespace, ..) = opened.key else { return };
        let guard = self.behind.runtime.enter();
        let task = match self.serve(namespace, opened.role, opened.socket) {
            Ok(task) => task,
            Err(error) => {
                tracing::error!(%error, ?namespace, role = ?opened.role, "a socket cannot be served");
                return;
            }
        };
        drop(guard);
        self.tasks.insert(opened.key, task);
    }

    fn serve(&self, namespace: Namespace, role: Role, socket: Socket) -> std::io::Result<AbortHandle> {
        let behind = &self.behind;
        Ok(match (role, socket) {
            (Role::DoorTls, Socket::Tcp(listener)) => self.door(namespace, Sort::Tls, listener)?,
            (Role::DoorPlain | Role::Site, Socket::Tcp(listener)) => self.door(namespace, Sort::Plain, listener)?,
            (Role::Resolver, socket) => {
                let Namespace::Vpc(vpc) = namespace else { return Err(misplaced(role)) };
                match socket {
                    Socket::Udp(socket) => behind.resolver.serve_udp(tokio::net::UdpSocket::from_std(socket)?, vpc),
                    Socket::Tcp(socket) => behind.resolver.serve_tcp(tokio::net::TcpListener::from_std(socket)?, vpc),
                }
            }
            (Role::Metadata, Socket::Tcp(listener)) => {
                let Namespace::Vpc(vpc) = namespace else { return Err(misplaced(role)) };
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let serving = postern_metadata::serve(listener, behind.facts.of_vpc(vpc));
                let loud = async move {
                    let Err(error) = serving.await;
                    tracing::error!(%error, %vpc, "the metadata service has ended");
                };
                tokio::spawn(loud).abort_handle()
            }
            (role, Socket::Udp(_)) => return Err(misplaced(role)),
        })
    }

    fn door(&self, namespace: Namespace, sort: Sort, listener: std::net::TcpListener) -> std::io::Result<AbortHandle> {
        let behind = &self.behind;
        let way = Way {
            listener: tokio::net::TcpListener::from_std(listener)?,
            sort,
            arrive: arrive::by_kernel(),
            identify: arrive::identify(namespace, behind.world.clone(), behind.host.clone(), behind.links.clone()),
        };
        Ok(behind.door.open(way).abort_handle())
    }
}

fn misplaced(role: Role) -> std::io::Error {
    std::io::Error::other(format!("a listener for {role:?} where it does not belong"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_names::*;

    #[test]
    fn a_removed_key_pair_touches_nothing() {
        let change = Change::Remove(EntityKey::KeyPair(KeyPairId::from_bits(1)));
        assert_eq!(Touched::by(&[change]), Touched::Vpcs(BTreeSet::new()));
    }

    #[test]
    fn what_cannot_be_told_touches_everything() {
        let vpc = VpcId::from_bits(1);
        let known = Change::Remove(EntityKey::Vpc(vpc));
        assert_eq!(Touched::by(std::slice::from_ref(&known)), Touched::Vpcs(BTreeSet::from([vpc])));
        let unknown = Change::Remove(EntityKey::Address(AllocationId::from_bits(2)));
        assert_eq!(Touched::by(&[known, unknown]), Touched::Everything);
    }
}
