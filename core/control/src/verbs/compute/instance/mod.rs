//! Verbs of instances.

mod attribute;
mod block_device;
mod console;
mod credit;
mod describe;
mod image_choice;
mod launch_interface;
mod metadata_options;
mod modify_metadata;
mod monitoring;
mod not_served;
mod profile;
mod profile_association;
mod run;
mod state;
mod user_data;
mod vcpus;

use crate::verbs::Whole;

pub(super) const VERBS: &[(&str, Whole)] = &[
    ("RunInstances", run::run),
    ("DescribeInstances", describe::describe_instances),
    ("DescribeInstanceStatus", describe::describe_status),
    ("StartInstances", state::start),
    ("StopInstances", state::stop),
    ("RebootInstances", state::reboot),
    ("TerminateInstances", state::terminate),
    ("DescribeInstanceAttribute", attribute::describe_attribute),
    ("ModifyInstanceAttribute", attribute::modify),
    ("ResetInstanceAttribute", attribute::reset),
    ("ModifyInstanceMetadataOptions", modify_metadata::modify),
    ("GetConsoleOutput", console::output),
    ("MonitorInstances", monitoring::monitor),
    ("UnmonitorInstances", monitoring::unmonitor),
    ("AssociateIamInstanceProfile", profile_association::associate),
    ("DisassociateIamInstanceProfile", profile_association::disassociate),
    ("ReplaceIamInstanceProfileAssociation", profile_association::replace),
    ("DescribeIamInstanceProfileAssociations", profile_association::describe_associations),
    ("DescribeInstanceCreditSpecifications", credit::describe_credits),
];
