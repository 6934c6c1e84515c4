//! Verbs of instances.

mod block_device;
mod describe;
mod image_choice;
mod launch_interface;
mod metadata_options;
mod not_served;
mod profile;
mod run;
mod state;
mod user_data;

use crate::verbs::Verb;

pub(super) const VERBS: &[(&str, Verb)] = &[
    ("RunInstances", run::run),
    ("DescribeInstances", describe::describe_instances),
    ("DescribeInstanceStatus", describe::describe_status),
    ("StartInstances", state::start),
    ("StopInstances", state::stop),
    ("RebootInstances", state::reboot),
    ("TerminateInstances", state::terminate),
];
