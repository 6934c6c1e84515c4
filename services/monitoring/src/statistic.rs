//! The statistics that can be asked of a bucket.

use crate::bucket::Bucket;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// `p99.9`: from 0 to 100.
    Percentile(f64),
}

impl Statistic {
    /// `Average`, or `p` and a number with at most ten digits behind the point. The trimmed ones (`tm90`) are not served.
    pub fn read(word: &str) -> Option<Self> {
        Some(match word {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => {
                let percent: f64 = word.strip_prefix('p')?.parse().ok()?;
                return (0.0..=100.0).contains(&percent).then_some(Self::Percentile(percent));
            }
        })
    }

    /// `None` where nothing was measured, or no single values are known.
    pub fn of(self, bucket: &Bucket) -> Option<f64> {
        if bucket.is_empty() {
            return None;
        }
        Some(match self {
            Self::SampleCount => bucket.count,
            Self::Average => bucket.sum / bucket.count,
            Self::Sum => bucket.sum,
            Self::Minimum => bucket.least,
            Self::Maximum => bucket.most,
            Self::Percentile(percent) => return bucket.percentile(percent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_others_refused() {
        assert_eq!(Statistic::read("p99.9"), Some(Statistic::Percentile(99.9)));
        assert_eq!(Statistic::read("Sum"), Some(Statistic::Sum));
        for word in ["sum", "p", "p101", "tm90", ""] {
            assert_eq!(Statistic::read(word), None, "{word}");
        }
    }
}
