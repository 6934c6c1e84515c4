//! Packet filters by raw netlink: the whole ruleset of a namespace in one transaction.
//!
//! The messages are those that `nft -f` would send for the ruleset's script, without the program's start and without the wait
//! for its end; a test holds them against `nft`'s own.

mod expression;
mod rule;
mod set;

use crate::error::Outcome;
use crate::netfilter::{header, push};
use crate::netlink::{Batch, Netlink};
use postern_program::{Chain, Family, HookKind, Policy, Ruleset, Table};

const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_DELTABLE: u16 = 2;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFTA_HOOK_DEV: u16 = 3;
const ALL_FAMILIES: u8 = 0;
const IPV4: u8 = 2;
const NETDEV: u8 = 5;

/// Replaces the ruleset of the socket's namespace. A packet meets the old rules or the new ones, never part of them; the new
/// ones are in force on return.
pub(crate) fn replace(netlink: &mut Netlink, rules: &Ruleset) -> Outcome<()> {
    let mut batch = Batch::nftables();
    batch.add("flush", NFT_MSG_DELTABLE, &header(ALL_FAMILIES));
    let mut set_ids = 0;
    for table in &rules.tables {
        add_table(&mut batch, table, &mut set_ids);
    }
    netlink.transact(batch)
}

/// Removes every table of the socket's namespace.
pub(crate) fn remove(netlink: &mut Netlink) -> Outcome<()> {
    replace(netlink, &Ruleset::default())
}

/// Chains come before sets, whose verdicts name them, and sets before rules.
fn add_table(batch: &mut Batch, table: &Table, set_ids: &mut u32) {
    let family = family(table.family);
    let mut payload = header(family);
    push_text(&mut payload, NFTA_TABLE_NAME, &table.name);
    batch.add(format!("table {}", table.name), NFT_MSG_NEWTABLE, &payload);
    for chain in &table.chains {
        batch.add(format!("chain {}", chain.name), NFT_MSG_NEWCHAIN, &chain_payload(family, table, chain));
    }
    for set in &table.sets {
        *set_ids += 1;
        set::add_set(batch, family, &table.name, set, *set_ids);
    }
    for map in &table.maps {
        *set_ids += 1;
        set::add_map(batch, family, table, map, *set_ids);
    }
    for chain in &table.chains {
        for (number, rule) in chain.rules.iter().enumerate() {
            let words = format!("rule {} of chain {}", number + 1, chain.name);
            rule::add(batch, words, table, chain, rule);
        }
    }
}

fn chain_payload(family: u8, table: &Table, chain: &Chain) -> Vec<u8> {
    let mut payload = header(family);
    push_text(&mut payload, NFTA_CHAIN_TABLE, &table.name);
    push_text(&mut payload, NFTA_CHAIN_NAME, &chain.name);
    let Some(hook) = &chain.hook else { return payload };
    let (kind, number) = match hook.kind {
        HookKind::Prerouting => ("filter", 0),
        HookKind::Input => ("filter", 1),
        HookKind::Forward => ("filter", 2),
        HookKind::Output => ("filter", 3),
        HookKind::Postrouting => ("filter", 4),
        HookKind::SourceNat => ("nat", 4),
        HookKind::Ingress => ("filter", 0),
        HookKind::Egress => ("filter", 1),
    };
    let policy = match hook.policy {
        Policy::Drop => 0,
        Policy::Accept => 1,
    };
    push_nested(&mut payload, NFTA_CHAIN_HOOK, |hooks| {
        push_number(hooks, NFTA_HOOK_HOOKNUM, number);
        push_number(hooks, NFTA_HOOK_PRIORITY, hook.priority as u32);
        if let Some(device) = &hook.device {
            push_text(hooks, NFTA_HOOK_DEV, device);
        }
    });
    push_number(&mut payload, NFTA_CHAIN_POLICY, policy);
    push_text(&mut payload, NFTA_CHAIN_TYPE, kind);
    payload
}

fn family(family: Family) -> u8 {
    match family {
        Family::Ip => IPV4,
        Family::Netdev => NETDEV,
    }
}

fn push_text(into: &mut Vec<u8>, kind: u16, text: &str) {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    push(into, kind, &bytes);
}

fn push_number(into: &mut Vec<u8>, kind: u16, number: u32) {
    push(into, kind, &number.to_be_bytes());
}

fn push_nested(into: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    crate::netfilter::push_nested(into, kind, &inner);
}
