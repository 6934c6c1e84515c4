//! Who reaches whom: every pair of a kind, each with the stop that bars its way.

use crate::ground::Ground;
use crate::question::{Listening, Question, Source, Target, What};
use postern_model::InterfaceKind;
use postern_names::{Stop, SubnetId};
use std::collections::BTreeSet;

/// What stands at the heads of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// From each instance to each instance.
    Instances,
    /// From each subnet to each subnet: its first interface that is up, or its first.
    Subnets,
    /// From each instance to each endpoint.
    Endpoints,
}

/// Each row is one that asks, each column one that is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub from: Vec<Source>,
    /// The name of a column, and what is asked for it.
    pub to: Vec<(String, Target)>,
    /// `None`: it is answered. One that is not is barred first at this stop.
    pub rows: Vec<Vec<Option<Stop>>>,
}

impl Of {
    /// `instances`, `subnets`, `endpoints`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "instances" => Some(Self::Instances),
            "subnets" => Some(Self::Subnets),
            "endpoints" => Some(Self::Endpoints),
            _ => None,
        }
    }
}

/// Every pair, with the same protocol and port. What listens is not asked: a matrix is about the network.
pub fn matrix(ground: &Ground<'_>, of: Of, what: What) -> Matrix {
    let world = ground.world;
    let running = || world.instances.values().filter(|i| i.has_links()).map(|i| i.id);
    let from: Vec<Source> = match of {
        Of::Subnets => subnets_in_use(ground).into_iter().map(Source::Subnet).collect(),
        Of::Instances | Of::Endpoints => running().map(Source::Instance).collect(),
    };
    let to: Vec<(String, Target)> = match of {
        Of::Instances => running().map(|id| (id.to_string(), Target::Instance(id))).collect(),
        Of::Endpoints => world.endpoints.keys().map(|id| (id.to_string(), Target::Endpoint(*id))).collect(),
        Of::Subnets => {
            let column = |source: &Source| {
                let eni = ground.interface_of(*source)?;
                Some((source.to_string(), Target::Interface(eni.id)))
            };
            from.iter().filter_map(column).collect()
        }
    };
    let nothing = Listening::new();
    let cell = |from: Source, to: &Target| {
        let trace = ground.explain(&Question { from, to: to.clone(), what }, &nothing);
        trace.barred_at().map(|bar| bar.stop)
    };
    let rows = from.iter().map(|from| to.iter().map(|(_, to)| cell(*from, to)).collect()).collect();
    Matrix { from, to, rows }
}

/// Subnets that have an instance's interface: of the others nobody asks and nobody answers.
fn subnets_in_use(ground: &Ground<'_>) -> BTreeSet<SubnetId> {
    let guests = ground.world.network_interfaces.values().filter(|eni| eni.kind == InterfaceKind::Interface);
    guests.map(|eni| eni.subnet).collect()
}
