//! The state kept durable: one entry per metric, unit and bucket of time, one per alarm.

use crate::alarm::Alarm;
use crate::bucket::Bucket;
use crate::metric::Metric;
use crate::notice::Notice;
use crate::state::{Home, KEPT, Place, State};
use postern_call::Refusal;
use postern_kit::Kind;
use postern_names::{AccountId, Region};
use postern_store::{Pending, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::mpsc::UnboundedSender;

const DATA: Kind<Datum> = Kind::new("monitoring.data");
const ALARMS: Kind<Kept> = Kind::new("monitoring.alarm");

/// A bucket as it is kept.
#[derive(Serialize, Deserialize)]
pub struct Datum {
    account: AccountId,
    region: Region,
    metric: Metric,
    at: i64,
    unit: String,
    bucket: Bucket,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    account: AccountId,
    region: Region,
    alarm: Alarm,
}

pub struct Books {
    state: RwLock<State>,
    store: Arc<Store>,
    told: UnboundedSender<Notice>,
}

impl Books {
    /// Reads everything. Blocks; meant for the start. What is older than is kept is deleted.
    pub fn open(store: Arc<Store>, now: i64, told: UnboundedSender<Notice>) -> Result<Self, StoreError> {
        let mut state = State::default();
        let mut old = Vec::new();
        for (key, datum) in DATA.load(&store)? {
            if datum.at < now - KEPT {
                old.push(DATA.delete(key));
                continue;
            }
            let home = state.homes.entry((datum.account, datum.region)).or_default();
            let series = home.series.entry(datum.metric).or_default();
            series.buckets.insert((datum.at, datum.unit), datum.bucket);
        }
        for (_, kept) in ALARMS.load(&store)? {
            let home = state.homes.entry((kept.account, kept.region)).or_default();
            home.alarms.insert(kept.alarm.name.clone(), kept.alarm);
        }
        if !old.is_empty() {
            store.submit(old).durable_blocking()?;
        }
        Ok(Self { state: RwLock::new(state), store, told })
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds data, all or none. Returns when they are durable.
    pub async fn put(&self, place: &Place, data: Vec<(Metric, i64, String, Bucket)>) -> Result<(), Refusal> {
        let pending = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let home = state.homes.entry(place.clone()).or_default();
            let mut writes = Vec::new();
            for (metric, at, unit, bucket) in data {
                let series = home.series.entry(metric.clone()).or_default();
                let own = series.buckets.entry((at, unit.clone())).or_default();
                own.add(&bucket);
                writes.push(datum(place, metric, at, unit, own.clone())?);
            }
            self.store.submit(writes)
        };
        pending.durable().await.map_err(Refusal::internal)
    }

    /// Where an alarm's period has ended since it was last judged.
    pub fn due(&self, now: i64) -> Vec<Place> {
        let state = self.read();
        let due = state.homes.iter().filter(|(_, home)| home.alarms.values().any(|alarm| alarm.is_due(now)));
        due.map(|(place, _)| place.clone()).collect()
    }

    /// Changes alarms; those named by `change` go to disk. Returns when that is durable; then notices go out.
    pub async fn change<T>(
        &self,
        place: &Place,
        change: impl FnOnce(&mut Home) -> Result<(T, Vec<String>), Refusal>,
    ) -> Result<T, Refusal> {
        let (value, notices, pending) = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let home = state.homes.entry(place.clone()).or_default();
            let changed = change(home);
            let notices = std::mem::take(&mut home.notices);
            let (value, names) = changed?;
            let writes = names.iter().map(|name| alarm(place, name, home.alarms.get(name)));
            let writes: Vec<Write> = writes.collect::<Result<_, _>>()?;
            let pending: Option<Pending> = (!writes.is_empty()).then(|| self.store.submit(writes));
            (value, notices, pending)
        };
        if let Some(pending) = pending {
            pending.durable().await.map_err(Refusal::internal)?;
        }
        // Without anybody who carries them out they are dropped with the books.
        notices.into_iter().for_each(|notice| drop(self.told.send(notice)));
        Ok(value)
    }
}

fn datum(place: &Place, metric: Metric, at: i64, unit: String, bucket: Bucket) -> Result<Write, Refusal> {
    let (account, region) = place.clone();
    let named = serde_json::to_string(&metric).map_err(Refusal::internal)?;
    let key = format!("{account}/{region}/{named}/{at:012}/{unit}");
    DATA.put(key, &Datum { account, region, metric, at, unit, bucket })
}

fn alarm(place: &Place, name: &str, alarm: Option<&Alarm>) -> Result<Write, Refusal> {
    let (account, region) = place.clone();
    let key = format!("{account}/{region}/{name}");
    match alarm {
        Some(alarm) => ALARMS.put(key, &Kept { account, region, alarm: alarm.clone() }),
        None => Ok(ALARMS.delete(key)),
    }
}
