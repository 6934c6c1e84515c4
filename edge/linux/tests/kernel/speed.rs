//! How long it takes until a change is in force: bounds wide enough for a busy machine, tight enough to notice a slip by ten.

use crate::support::*;
use postern_linux::{Host, new_namespace};
use postern_program::*;
use std::time::{Duration, Instant};

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(host: &Host, parts: &[(Key, Part)]) -> Duration {
    let steps: Vec<Step> = parts.iter().map(|(key, part)| Step::Add(key.clone(), part.clone())).collect();
    let began = Instant::now();
    host.apply(&steps).unwrap();
    began.elapsed()
}

#[test]
fn a_vpc_a_guest_and_a_ruleset_are_in_force_within_milliseconds() {
    privileged("speed::a_vpc_a_guest_and_a_ruleset_are_in_force_within_milliseconds", || {
        let host = Host::new().unwrap();
        host.apply(&[Step::Add(Key::Namespace(Namespace::Internet), Part::Namespace { sysctls: Vec::new() })]).unwrap();
        let (mut vpcs, mut guests, mut rulesets, mut routes, mut gone) =
            <(Vec<_>, Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
        for n in 1..=20 {
            let r = vpc(n);
            let out = link(r, plain_end("igw"), Namespace::Internet, plain_end(&format!("v{n}")));
            let vpc = [
                namespace(r),
                out,
                address(r, "lo", "10.0.0.2/32"),
                rule(r, 100, Some(1), 101),
                rule(r, 200, None, NEAR),
            ];
            vpcs.push(timed(&host, &vpc));
            host.adopt(guest(n), new_namespace().unwrap()).unwrap();
            let own = [
                guest_link(r, "eni1", 1, guest(n)),
                address(guest(n), "eth0", "10.0.1.5/24"),
                route(guest(n), MAIN, "0.0.0.0/0", via("10.0.1.1", "eth0")),
                route(r, NEAR, "10.0.1.5/32", over("eni1")),
            ];
            guests.push(timed(&host, &own));
            rulesets.push(timed(&host, &[crate::filter::allow_ports(r, &[80, 443])]));
            routes.push(timed(&host, &[route(r, 101, "52.216.0.0/15", RouteKind::Local)]));
        }
        for n in 1..=20 {
            let keys: Vec<Key> = host.program().unwrap().parts.into_keys().collect();
            let inside = |key: &Key| format!("{key:?}").contains(&format!("{}", vpc(n)));
            let steps: Vec<Step> = keys.into_iter().filter(inside).rev().map(Step::Remove).collect();
            let began = Instant::now();
            host.apply(&steps).unwrap();
            gone.push(began.elapsed());
        }
        let found = [vpcs, guests, rulesets, routes, gone].map(median);
        println!("median of 20: VPC, guest, ruleset, route, removal of a VPC: {found:.1?}");
        let bounds = [60, 60, 60, 10, 400].map(Duration::from_millis);
        assert!(found.iter().zip(bounds).all(|(time, bound)| *time < bound), "{found:?} against {bounds:?}");
    });
}
