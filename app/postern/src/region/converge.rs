//! EC2's way to the data plane and to the instances, which exist only after EC2 does.

use super::data_plane::DataPlane;
use super::lifecycle::Lifecycle;
use async_trait::async_trait;
use postern_call::Refusal;
use postern_ec2::Converge;
use postern_model::{Done, Entity, InstanceState};
use std::sync::{Arc, OnceLock};

/// Does nothing until both are set: before that nothing runs that could differ from the World.
#[derive(Default)]
pub struct Converger {
    plane: OnceLock<(Arc<DataPlane>, Arc<Lifecycle>)>,
}

impl Converger {
    pub fn set(&self, plane: Arc<DataPlane>, lifecycle: Arc<Lifecycle>) {
        if self.plane.set((plane, lifecycle)).is_err() {
            tracing::error!("the converger already knows the data plane");
        }
    }
}

#[async_trait]
impl Converge for Converger {
    async fn converge(&self, done: &[Done]) -> Result<(), Refusal> {
        let Some((plane, lifecycle)) = self.plane.get() else { return Ok(()) };
        let in_force = plane.converge(done).await;
        for change in done {
            if let Some(Entity::Instance(instance)) = change.after()
                && matches!(
                    instance.state,
                    InstanceState::Pending | InstanceState::Stopping | InstanceState::ShuttingDown
                )
            {
                lifecycle.kick(instance.id);
            }
        }
        in_force
    }
}
