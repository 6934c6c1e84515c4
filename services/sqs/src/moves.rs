//! Message move tasks: a dead-letter queue's messages go back to where they came from, or to another queue.

use crate::flow::put_in;
use crate::keep;
use crate::name::Name;
use crate::queue::{Content, Held, Millis, Standing};
use crate::queues::{Queue, Queues, durable, millis};
use crate::refuse;
use postern_call::Refusal;
use postern_store::Pending;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// One move task, as it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// UUID.
    pub id: String,
    pub status: Status,
    /// The queue that everything goes to; `None`: each message to the queue it came from.
    pub destination: Option<String>,
    /// Messages a second; `None`: as fast as it goes.
    pub rate: Option<i64>,
    pub moved: i64,
    /// How many there were at the start.
    pub to_move: i64,
    pub started: Millis,
    pub failure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Running,
    Completed,
    Cancelling,
    Cancelled,
    Failed,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Completed => "COMPLETED",
            Status::Cancelling => "CANCELLING",
            Status::Cancelled => "CANCELLED",
            Status::Failed => "FAILED",
        }
    }
    pub fn is_active(self) -> bool {
        matches!(self, Status::Running | Status::Cancelling)
    }
}

/// So many tasks of a queue are remembered.
const REMEMBERED: usize = 10;
/// So many messages go in one step, and no more a second when a rate is given.
const STEP: usize = 100;

impl Queues {
    /// Puts a task on a queue's list and begins it. One can be active at a time.
    pub async fn begin_moves(self: &Arc<Self>, queue: &Arc<Queue>, task: Task) -> Result<(), Refusal> {
        let id = task.id.clone();
        let pending = {
            let mut state = queue.open()?;
            if state.tasks.iter().any(|known| known.status.is_active()) {
                let message = "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
                return Err(refuse::unsupported(message));
            }
            let write = keep::task(queue.number, &task)?;
            state.tasks.insert(0, task);
            let mut writes = vec![write];
            let forgotten = state.tasks.len().min(REMEMBERED);
            writes.extend(state.tasks.drain(forgotten..).map(|task| keep::task_gone(queue.number, &task)));
            self.submit(writes)
        };
        durable(pending).await?;
        self.run_moves(queue, id);
        Ok(())
    }

    /// Begins again what a stop of the daemon interrupted.
    pub fn resume_moves(self: &Arc<Self>) {
        for queue in self.all() {
            let active = queue.lock().tasks.iter().find(|task| task.status.is_active()).map(|task| task.id.clone());
            if let Some(id) = active {
                self.run_moves(&queue, id);
            }
        }
    }

    fn run_moves(self: &Arc<Self>, queue: &Arc<Queue>, id: String) {
        let (queues, queue) = (Arc::clone(self), Arc::clone(queue));
        tokio::spawn(async move {
            loop {
                match queues.move_some(&queue, &id).await {
                    Ok(Some(pause)) => tokio::time::sleep(pause).await,
                    Ok(None) => return,
                    Err(refusal) => {
                        tracing::error!(%refusal, queue = queue.arn, "a message move task stopped");
                        return;
                    }
                }
            }
        });
    }

    /// One step of a task. `None`: it is over.
    async fn move_some(&self, queue: &Queue, id: &str) -> Result<Option<Duration>, Refusal> {
        let now = millis(OffsetDateTime::now_utc());
        let Some(step) = self.take_some(queue, id, now)? else { return Ok(None) };
        let (mut moved, mut failure, mut stuck, mut pending) = (0, None, Vec::new(), step.pending);
        let is_over = step.pulled.is_empty();
        for (number, held) in step.pulled {
            match self.target(step.destination.as_deref(), &held) {
                Ok(target) if failure.is_none() => {
                    // What is queued last is durable last.
                    pending = self.hand_over(queue, &target, number, &held, now)?;
                    moved += 1;
                }
                Ok(_) => stuck.push((number, held)),
                Err(why) => {
                    failure.get_or_insert(why);
                    stuck.push((number, held));
                }
            }
        }
        durable(pending).await?;
        let pending = {
            let Ok(mut state) = queue.open() else { return Ok(None) };
            for (number, held) in stuck {
                state.messages.restore(number, held.content, held.standing, now);
            }
            queue.wake(&state);
            let Some(task) = state.tasks.iter_mut().find(|task| task.id == id) else { return Ok(None) };
            task.moved += moved;
            if let Some(why) = failure {
                (task.status, task.failure) = (Status::Failed, Some(why.to_owned()));
            } else if task.status == Status::Cancelling {
                task.status = Status::Cancelled;
            } else if is_over {
                task.status = Status::Completed;
            }
            let goes_on = task.status.is_active();
            let write = keep::task(queue.number, task)?;
            (goes_on, self.submit(vec![write]))
        };
        let (goes_on, pending) = pending;
        durable(pending).await?;
        let millis = step.rate.map_or(0, |rate| 1000 * moved / rate.max(1));
        Ok(goes_on.then(|| Duration::from_millis(millis.max(0) as u64)))
    }

    /// Takes the next messages of a task out of memory; on the disk they stay until they are elsewhere.
    fn take_some(&self, queue: &Queue, id: &str, now: Millis) -> Result<Option<Step>, Refusal> {
        let Ok(mut state) = queue.open() else { return Ok(None) };
        let Some(task) = state.tasks.iter().find(|task| task.id == id) else { return Ok(None) };
        let (rate, destination) = (task.rate, task.destination.clone());
        // Ten steps a second, so that a cancel is heard soon.
        let most = rate.map_or(STEP, |rate| (rate as usize).div_ceil(10).clamp(1, STEP));
        let left = if task.status == Status::Cancelling { 0 } else { (task.to_move - task.moved).max(0) as usize };
        let writes = state.pass(queue.number, now);
        let pending = self.submit(writes);
        Ok(Some(Step { pulled: state.messages.pull(now, most.min(left)), rate, destination, pending }))
    }

    /// Where a message goes; or why nowhere, in AWS's word.
    fn target(&self, fixed: Option<&str>, held: &Held) -> Result<Arc<Queue>, &'static str> {
        let arn = fixed.or(held.content.source.as_deref()).ok_or("CouldNotDetermineMessageSource")?;
        let name = Name::from_arn(arn).ok_or("CouldNotDetermineMessageSource")?;
        self.find(&name).ok_or("AWS.SimpleQueueService.NonExistentQueue")
    }

    /// A message that was taken out of `source` becomes a new one in `target`, as one step on the disk.
    fn hand_over(
        &self,
        source: &Queue,
        target: &Queue,
        number: u64,
        held: &Held,
        now: Millis,
    ) -> Result<Option<Pending>, Refusal> {
        let mut content = Content::clone(&held.content);
        content.source = None;
        content.id = crate::ids::uuid()?;
        let mut writes = Vec::from(keep::gone(source.number, number));
        let mut state = target.lock();
        put_in(target, &mut state, content, Standing::new(now, now), now, &mut writes)?;
        let pending = self.submit(writes);
        target.wake(&state);
        Ok(pending)
    }
}

/// What one step of a task is about.
struct Step {
    pulled: Vec<(u64, Held)>,
    rate: Option<i64>,
    destination: Option<String>,
    pending: Option<Pending>,
}
