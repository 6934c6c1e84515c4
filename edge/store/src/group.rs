//! Group commit: who comes when nobody commits does it at once, on its own thread; what comes meanwhile is committed together.
//!
//! A caller that hands its work to another thread and sleeps wakes that thread, is woken by it, and both cost more than the
//! commit itself where the disk is fast. So the first one commits itself. What has come by the end of a commit goes to the
//! group's own thread, which stays in the lead until nothing waits: many callers share commits and none is held up for others.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What commits.
pub trait Committer: Send + 'static {
    type Job: Send + 'static;

    /// Commits these together, in this order, and answers each of them.
    fn commit(&mut self, jobs: Vec<Self::Job>);

    /// Whether there is [`Committer::tidy`] to do.
    fn is_untidy(&mut self) -> bool;

    /// What nobody shall wait for: the group's thread does it between two commits.
    fn tidy(&mut self);
}

/// A caller's thread takes over a commit only if the last one took no longer: a thread of the runtime has others to serve.
const SHORT: Duration = Duration::from_millis(2);

/// Of all threads of the runtime one at a time waits for a disk, whatever the number of groups.
static ONE_WAITS: AtomicBool = AtomicBool::new(false);

/// Jobs on their way to one committer.
pub struct Group<C: Committer> {
    shared: Arc<Shared<C>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared<C: Committer> {
    state: Mutex<State<C>>,
    changed: Condvar,
}

struct State<C: Committer> {
    waiting: Vec<C::Job>,
    /// `None` while somebody commits.
    committer: Option<C>,
    last_took: Duration,
    /// How many jobs the last commit had.
    last_count: usize,
    /// The thread shall go on; until nothing waits nobody else does.
    thread_leads: bool,
    closed: bool,
}

impl<C: Committer> State<C> {
    /// Callers come faster than commits end, or commits take long: their threads have better things to do.
    fn is_busy(&self) -> bool {
        self.last_count > 1 || self.last_took > SHORT
    }
}

impl<C: Committer> Shared<C> {
    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_thread(&self, mut state: MutexGuard<'_, State<C>>) {
        state.thread_leads = true;
        drop(state);
        self.changed.notify_one();
    }

    /// For what waits: whoever commits now finds it at the end of that; if nobody does, the thread shall.
    fn leave(&self, state: MutexGuard<'_, State<C>>) {
        if state.committer.is_some() && !state.waiting.is_empty() {
            self.wake_thread(state);
        }
    }

    /// The end of a commit on a caller's thread.
    fn give_back(&self, mut committer: C, took: Duration) {
        let is_untidy = committer.is_untidy();
        let mut state = self.state();
        state.committer = Some(committer);
        state.last_took = took;
        if is_untidy || !state.waiting.is_empty() || state.closed {
            self.wake_thread(state);
        }
    }
}

impl<C: Committer> Group<C> {
    /// Starts the group's thread.
    pub fn start(name: &str, committer: C) -> io::Result<Self> {
        let state = State {
            waiting: Vec::new(),
            committer: Some(committer),
            // Not known yet: the thread finds out.
            last_took: Duration::MAX,
            last_count: 0,
            thread_leads: false,
            closed: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let leading = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || lead(&leading))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Queues a job. Jobs are committed in the order of these calls, once the last of them was told [`Queued::go`] or dropped.
    pub fn queue(&self, job: C::Job) -> Queued<C> {
        self.shared.state().waiting.push(job);
        Queued { shared: Arc::clone(&self.shared), is_left: false }
    }
}

impl<C: Committer> Drop for Group<C> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.thread_leads = true;
        drop(state);
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A job that waits.
pub struct Queued<C: Committer> {
    shared: Arc<Shared<C>>,
    is_left: bool,
}

impl<C: Committer> Queued<C> {
    /// Commits what waits, on this thread, if nobody does so already and the disk is fast; otherwise leaves it to whoever
    /// does. To be called where the thread may be held up for the time of a commit.
    pub fn go(mut self) {
        self.is_left = true;
        let mut state = self.shared.state();
        if state.thread_leads || state.waiting.is_empty() {
            return;
        }
        if state.committer.is_none() || state.is_busy() || ONE_WAITS.swap(true, Ordering::Acquire) {
            return self.shared.leave(state);
        }
        let turn = Turn { shared: &self.shared, committer: state.committer.take(), began: Instant::now() };
        let jobs = std::mem::take(&mut state.waiting);
        state.last_count = jobs.len();
        drop(state);
        turn.commit(jobs);
    }
}

impl<C: Committer> Drop for Queued<C> {
    fn drop(&mut self) {
        if !self.is_left {
            self.shared.leave(self.shared.state());
        }
    }
}

/// A caller's thread in the lead. Gives the committer back even if the commit panics.
struct Turn<'a, C: Committer> {
    shared: &'a Shared<C>,
    committer: Option<C>,
    began: Instant,
}

impl<C: Committer> Turn<'_, C> {
    fn commit(mut self, jobs: Vec<C::Job>) {
        if let Some(committer) = &mut self.committer {
            committer.commit(jobs);
        }
    }
}

impl<C: Committer> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        ONE_WAITS.store(false, Ordering::Release);
        if let Some(committer) = self.committer.take() {
            self.shared.give_back(committer, self.began.elapsed());
        }
    }
}

/// The group's thread: in the lead from when it is woken until nothing waits.
fn lead<C: Committer>(shared: &Shared<C>) {
    let mut state = shared.state();
    loop {
        let leads = state.thread_leads;
        let Some(mut committer) = state.committer.take_if(|_| leads) else {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let jobs = std::mem::take(&mut state.waiting);
        if jobs.is_empty() && state.closed {
            return;
        }
        drop(state);
        let count = jobs.len();
        let took = on_thread(&mut committer, jobs);
        state = shared.state();
        state.committer = Some(committer);
        if count > 0 {
            (state.last_count, state.last_took) = (count, took);
        }
        state.thread_leads = state.closed || !state.waiting.is_empty();
    }
}

/// How long the commit alone took. A job that panics loses its own group's answers, not the jobs to come.
fn on_thread<C: Committer>(committer: &mut C, jobs: Vec<C::Job>) -> Duration {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let began = Instant::now();
        if !jobs.is_empty() {
            committer.commit(jobs);
        }
        let took = began.elapsed();
        if committer.is_untidy() {
            committer.tidy();
        }
        took
    }));
    done.unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::ThreadId;

    /// Each commit: on which thread, and which jobs.
    type Commits = Arc<Mutex<Vec<(ThreadId, Vec<u32>)>>>;

    /// A disk that notes what it was given.
    #[derive(Default)]
    struct Notes {
        commits: Commits,
        tidied: Arc<Mutex<Vec<ThreadId>>>,
        is_untidy: bool,
        /// A commit lasts until a word comes, after it has said that it began.
        held: Option<(Sender<()>, Receiver<()>)>,
    }

    struct Note {
        number: u32,
        done: Sender<u32>,
    }

    impl Committer for Notes {
        type Job = Note;

        fn commit(&mut self, jobs: Vec<Note>) {
            if let Some((began, held)) = &self.held {
                let _ = began.send(());
                let _ = held.recv();
            }
            assert!(!jobs.iter().any(|job| job.number == 13), "an unlucky job");
            let numbers = jobs.iter().map(|job| job.number).collect();
            self.commits.lock().unwrap().push((std::thread::current().id(), numbers));
            for job in jobs {
                let _ = job.done.send(job.number);
            }
        }
        fn is_untidy(&mut self) -> bool {
            self.is_untidy
        }
        fn tidy(&mut self) {
            self.is_untidy = false;
            self.tidied.lock().unwrap().push(std::thread::current().id());
        }
    }

    fn run(group: &Group<Notes>, number: u32) -> Option<u32> {
        let (done, answer) = channel();
        group.queue(Note { number, done }).go();
        answer.recv().ok()
    }

    /// Does the group's next commit on this thread, whatever else this process commits meanwhile.
    fn run_here(group: &Group<Notes>, notes: &Commits) {
        for number in 100..200 {
            run(group, number);
            if notes.lock().unwrap().last().is_some_and(|(thread, _)| *thread == std::thread::current().id()) {
                return;
            }
        }
        panic!("of a hundred lone callers none committed itself");
    }

    #[test]
    fn a_lone_caller_commits_itself_once_the_disk_is_known_to_be_fast() {
        let notes = Notes::default();
        let commits = Arc::clone(&notes.commits);
        let group = Group::start("notes", notes).unwrap();
        assert_eq!(run(&group, 1), Some(1));
        assert_ne!(commits.lock().unwrap()[0].0, std::thread::current().id());
        run_here(&group, &commits);
    }

    #[test]
    fn what_comes_during_a_commit_goes_to_the_thread_together() {
        let ((began, begins), (go_on, held)) = (channel(), channel());
        let notes = Notes { held: Some((began, held)), ..Notes::default() };
        let commits = Arc::clone(&notes.commits);
        let group = Group::start("notes", notes).unwrap();
        let (done, answers) = channel();
        group.queue(Note { number: 0, done: done.clone() }).go();
        begins.recv().unwrap();
        for number in 1..=3 {
            group.queue(Note { number, done: done.clone() }).go();
        }
        // Both ends gone: from now on nothing is held.
        drop((begins, go_on));
        let answered: Vec<u32> = answers.iter().take(4).collect();
        assert_eq!(answered, [0, 1, 2, 3]);
        let groups: Vec<Vec<u32>> = commits.lock().unwrap().iter().map(|(_, numbers)| numbers.clone()).collect();
        assert_eq!(groups, [vec![0], vec![1, 2, 3]]);
    }

    #[test]
    fn a_job_whose_caller_went_is_committed_all_the_same() {
        let group = Group::start("notes", Notes::default()).unwrap();
        let (done, answer) = channel();
        drop(group.queue(Note { number: 7, done }));
        assert_eq!(answer.recv(), Ok(7));
    }

    #[test]
    fn what_waits_at_the_end_is_committed_first() {
        let notes = Notes::default();
        let commits = Arc::clone(&notes.commits);
        let group = Group::start("notes", notes).unwrap();
        let (done, _answers) = channel();
        let waiting: Vec<_> = (0..5).map(|number| group.queue(Note { number, done: done.clone() })).collect();
        drop(group);
        assert_eq!(commits.lock().unwrap().iter().map(|(_, numbers)| numbers.len()).sum::<usize>(), 5);
        drop(waiting);
    }

    #[test]
    fn a_panic_takes_its_own_jobs_along_and_no_others() {
        let notes = Notes::default();
        let commits = Arc::clone(&notes.commits);
        let group = Group::start("notes", notes).unwrap();
        assert_eq!(run(&group, 13), None, "on the group's thread");
        assert_eq!(run(&group, 1), Some(1));
        run_here(&group, &commits);
        let unlucky = catch_unwind(AssertUnwindSafe(|| run(&group, 13)));
        assert!(!matches!(unlucky, Ok(Some(_))), "on the caller's");
        assert_eq!(run(&group, 2), Some(2));
    }

    #[test]
    fn nobody_who_waits_for_an_answer_tidies() {
        let notes = Notes::default();
        let (commits, tidied) = (Arc::clone(&notes.commits), Arc::clone(&notes.tidied));
        let group = Group::start("notes", Notes { is_untidy: true, ..notes }).unwrap();
        run(&group, 1);
        run_here(&group, &commits);
        drop(group);
        let tidied = tidied.lock().unwrap();
        assert!(tidied.len() == 1 && tidied[0] != std::thread::current().id());
    }

    #[test]
    fn many_callers_lose_nothing_and_keep_their_order() {
        let notes = Notes::default();
        let commits = Arc::clone(&notes.commits);
        let group = Group::start("notes", notes).unwrap();
        std::thread::scope(|scope| {
            for caller in 0..8 {
                let group = &group;
                scope.spawn(move || (0..500).for_each(|n| assert!(run(group, 1000 + caller * 1000 + n).is_some())));
            }
        });
        let all: Vec<u32> = commits.lock().unwrap().iter().flat_map(|(_, numbers)| numbers.clone()).collect();
        assert_eq!(all.len(), 4000);
        for caller in 0..8 {
            let of_caller: Vec<u32> = all.iter().copied().filter(|n| n / 1000 == 1 + caller).collect();
            assert!(of_caller.is_sorted() && of_caller.len() == 500);
        }
    }
}
