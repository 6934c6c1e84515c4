//! All data of one metric, unit and span of time, as far as any statistic needs it.

use serde::{Deserialize, Serialize};

/// Distinct values kept for percentiles; beyond it only sums and bounds grow.
const VALUES_MAX: usize = 5_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub count: f64,
    pub sum: f64,
    pub least: f64,
    pub most: f64,
    /// Each value and how often it came, in the order of the values. Empty once a statistic set went in: then there are no
    /// percentiles.
    pub values: Vec<(f64, f64)>,
    /// Whether `values` holds everything that went in.
    pub is_whole: bool,
}

impl Bucket {
    /// One value that came so many times.
    pub fn of(value: f64, count: f64) -> Self {
        Self { count, sum: value * count, least: value, most: value, values: vec![(value, count)], is_whole: true }
    }

    /// A statistic set: no single values are known but where all are the same.
    pub fn of_set(count: f64, sum: f64, least: f64, most: f64) -> Self {
        if least == most {
            return Self { sum, ..Self::of(least, count) };
        }
        Self { count, sum, least, most, values: Vec::new(), is_whole: false }
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0.0
    }

    pub fn add(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.is_whole &= other.is_whole;
        if self.is_whole {
            for (value, count) in &other.values {
                match self.values.binary_search_by(|(known, _)| known.total_cmp(value)) {
                    Ok(at) => self.values[at].1 += count,
                    Err(at) => self.values.insert(at, (*value, *count)),
                }
            }
        }
        if !self.is_whole || self.values.len() > VALUES_MAX {
            self.is_whole = false;
            self.values.clear();
        }
    }

    /// The value below which `percent` of all lie, between neighbours in proportion; `None` without single values.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        if !self.is_whole || self.is_empty() {
            return None;
        }
        let rank = percent / 100.0 * (self.count - 1.0).max(0.0);
        let mut seen = 0.0;
        let mut before: Option<f64> = None;
        for (value, count) in &self.values {
            if rank < seen {
                // Between the last value of before and the first of this one.
                let from = before.unwrap_or(*value);
                return Some(from + (value - from) * (rank - (seen - 1.0)));
            }
            if rank <= seen + count - 1.0 {
                return Some(*value);
            }
            seen += count;
            before = Some(*value);
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(values: &[f64]) -> Bucket {
        let mut bucket = Bucket::default();
        values.iter().for_each(|value| bucket.add(&Bucket::of(*value, 1.0)));
        bucket
    }

    #[test]
    fn sums_and_bounds_grow_with_what_comes() {
        let bucket = all(&[3.0, 1.0, 3.0, 2.0]);
        assert_eq!((bucket.count, bucket.sum, bucket.least, bucket.most), (4.0, 9.0, 1.0, 3.0));
        assert_eq!(bucket.values, [(1.0, 1.0), (2.0, 1.0), (3.0, 2.0)]);
    }

    #[test]
    fn percentiles_lie_between_neighbours() {
        let bucket = all(&[10.0, 20.0, 30.0, 40.0]);
        assert_eq!(bucket.percentile(0.0), Some(10.0));
        assert_eq!(bucket.percentile(50.0), Some(25.0));
        assert_eq!(bucket.percentile(100.0), Some(40.0));
        assert_eq!(Bucket::default().percentile(50.0), None);
    }

    #[test]
    fn a_statistic_set_has_no_percentiles_unless_all_its_values_are_one() {
        let mut bucket = all(&[1.0]);
        bucket.add(&Bucket::of_set(2.0, 5.0, 2.0, 3.0));
        assert_eq!((bucket.count, bucket.sum, bucket.percentile(50.0)), (3.0, 6.0, None));
        assert_eq!(Bucket::of_set(2.0, 4.0, 2.0, 2.0).percentile(90.0), Some(2.0));
    }
}
