//! From a change of the World to packets: compile what it touches, compare with what runs, carry out the difference,
//! and put the daemon's own sockets to work.
//!
//! One thread does it, in order. Calls that wait at the same time share one round.

use super::arrive::{self, Links};
use super::instance_facts::Facts;
use postern_call::Refusal;
use postern_compiler::{compile_internet, compile_vpc, touched};
use postern_door::{Door, Sort, Way};
use postern_linux::{Host, HostError, Opened, Socket};
use postern_model::{Done, World};
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
    world: Arc<RwLock<World>>,
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
        let world = behind.world.clone();
        let worker = Worker { behind, wanted: BTreeMap::new(), tasks: BTreeMap::new(), unsure: true };
        let thread = std::thread::Builder::new().name("data-plane".into()).spawn(move || worker.run(&jobs))?;
        Ok((Arc::new(Self { queue, world }), thread))
    }

    /// Returns when everything these changes ask for is in force: at once, if no packet depends on them.
    pub async fn converge(&self, done: &[Done]) -> Result<(), Refusal> {
        let vpcs = touched(&self.world.read().unwrap_or_else(|e| e.into_inner()), done);
        if vpcs.is_empty() {
            return Ok(());
        }
        self.wait(Touched::Vpcs(vpcs)).await
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

/// A part of the whole program that is compiled on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Internet,
    Vpc(VpcId),
}

impl Piece {
    fn vpc(&self) -> Option<VpcId> {
        match self {
            Self::Internet => None,
            Self::Vpc(id) => Some(*id),
        }
    }
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
        let pieces = self.pieces(jobs);
        let steps = self.steps(&pieces)?;
        let count = steps.len();
        if !steps.is_empty() {
            self.carry_out(&steps)?;
        }
        self.behind.links.learn(&self.behind.world, pieces.iter().filter_map(Piece::vpc));
        let cut = self.behind.door.look_again();
        tracing::debug!(steps = count, cut, elapsed = ?began.elapsed(), "converged");
        Ok(())
    }

    fn carry_out(&mut self, steps: &[Step]) -> Result<(), HostError> {
        for step in steps {
            if let Step::Remove(key) | Step::Replace(key, _) = step
                && let Some(task) = self.tasks.remove(key)
            {
                task.abort();
            }
        }
        match self.behind.host.apply(steps) {
            Ok(opened) => opened.into_iter().for_each(|socket| self.open(socket)),
            Err(error) => {
                tracing::error!(%error, "the data plane is not as wanted");
                self.unsure = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// What is to be compiled anew.
    fn pieces(&self, jobs: &[Job]) -> BTreeSet<Piece> {
        let mut pieces = BTreeSet::from([Piece::Internet]);
        for job in jobs {
            if let Touched::Vpcs(vpcs) = &job.touched {
                pieces.extend(vpcs.iter().copied().map(Piece::Vpc));
            }
        }
        if self.unsure || jobs.iter().any(|job| job.touched == Touched::Everything) {
            let world = self.behind.world.read().unwrap_or_else(|e| e.into_inner());
            pieces.extend(world.vpcs.keys().copied().map(Piece::Vpc));
            pieces.extend(self.wanted.keys().copied());
        }
        pieces
    }

    /// From what runs to what the World wants now.
    fn steps(&mut self, pieces: &BTreeSet<Piece>) -> Result<Vec<Step>, HostError> {
        let world = self.behind.world.read().unwrap_or_else(|e| e.into_inner());
        let compile = |piece: &Piece| match piece {
            Piece::Internet => compile_internet(&world),
            Piece::Vpc(id) => compile_vpc(&world, *id),
        };
        let mut changed: Vec<(Piece, Program)> = pieces.iter().map(|piece| (*piece, compile(piece))).collect();
        drop(world);
        if self.unsure {
            let running = self.behind.host.program()?;
            let mut wanted = Program::default();
            changed.iter().for_each(|(_, program)| wanted.parts.extend(program.parts.clone()));
            changed.into_iter().for_each(|(piece, program)| self.keep(piece, program));
            self.unsure = false;
            return Ok(diff(&running, &wanted));
        }
        changed.retain(|(piece, program)| self.wanted.get(piece).unwrap_or(&Program::default()) != program);
        // Mostly it is one piece that differs, which need not be copied.
        let steps = match changed.as_slice() {
            [(piece, wanted)] => diff(self.wanted.get(piece).unwrap_or(&Program::default()), wanted),
            several => {
                let (mut running, mut wanted) = <(Program, Program)>::default();
                for (piece, program) in several {
                    running.parts.extend(self.wanted.get(piece).cloned().unwrap_or_default().parts);
                    wanted.parts.extend(program.parts.clone());
                }
                diff(&running, &wanted)
            }
        };
        changed.into_iter().for_each(|(piece, program)| self.keep(piece, program));
        Ok(steps)
    }

    fn keep(&mut self, piece: Piece, program: Program) {
        if program.parts.is_empty() {
            self.wanted.remove(&piece);
        } else {
            self.wanted.insert(piece, program);
        }
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
