//! Chance with a seed: the same numbers on every platform, from integers and exact f64 steps.
//! Nothing here knows prices.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Prices of an hour's path.
pub const MINUTES: usize = 60;

/// A stream of chance for one purpose; streams of other purposes are independent of it.
#[derive(Clone, Debug)]
pub struct Noise {
    generator: ChaCha8Rng,
}

impl Noise {
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(purpose);
        Self { generator }
    }

    /// Even on [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Even on [low, high).
    pub fn between(&mut self, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Even on low..=high.
    pub fn whole(&mut self, (low, high): (u64, u64)) -> u64 {
        let count = high.saturating_sub(low).saturating_add(1);
        low + self.generator.next_u64() % count
    }

    /// Mean 0, variance 1, bell-shaped: the sum of eight even numbers.
    #[inline]
    pub fn bell(&mut self) -> f64 {
        // A 16-bit number has mean 32 767.5 and variance (2^32 − 1) / 12; eight have 53 509.92².
        const SCALE: f64 = 1.0 / 53_509.919_9;
        let sum = lanes(self.generator.next_u64()) + lanes(self.generator.next_u64());
        (f64::from(sum) - 8.0 * 32_767.5) * SCALE
    }

    /// Mean 0, variance 1, now and then `scale` times as wide as usual.
    #[inline]
    pub fn fat_tailed(&mut self, chance: f64, scale: f64) -> f64 {
        let usual = 1.0 / libm::sqrt(1.0 - chance + chance * scale * scale);
        let width = if self.unit() < chance { scale * usual } else { usual };
        self.bell() * width
    }

    /// A random walk of one hour that starts and ends at 0, with variance 1 per hour before it is
    /// tied down.
    #[inline]
    pub fn bridge(&mut self) -> [f64; MINUTES] {
        const STEPS: f64 = (MINUTES - 1) as f64;
        // 1 / (standard deviation of a 16-bit number · √59)
        const SCALE: f64 = 1.0 / (18_918.613_9 * 7.681_145_747_868_608);
        let mut bytes = [0u8; 2 * MINUTES];
        self.generator.fill_bytes(&mut bytes);
        let mut walk = [0.0; MINUTES];
        let mut at = 0i32;
        for (place, pair) in walk.iter_mut().skip(1).zip(bytes.chunks_exact(2)) {
            // Twice the distance from the mean, to stay in whole numbers.
            at += 2 * i32::from(u16::from_le_bytes([pair[0], pair[1]])) - 65_535;
            *place = f64::from(at);
        }
        let slope = f64::from(at) / STEPS;
        for (minute, place) in walk.iter_mut().enumerate() {
            *place = (*place - slope * minute as f64) * (0.5 * SCALE);
        }
        walk
    }
}

/// The sum of the four 16-bit numbers in 64 bits.
#[inline]
fn lanes(bits: u64) -> u32 {
    let pairs = (bits & 0x0000_ffff_0000_ffff) + ((bits >> 16) & 0x0000_ffff_0000_ffff);
    ((pairs & 0xffff_ffff) + (pairs >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_has_the_moments_that_it_says() {
        let mut noise = Noise::new(7, 1);
        for fat in [false, true] {
            let draws: Vec<f64> = (0..200_000)
                .map(|_| if fat { noise.fat_tailed(0.03, 3.5) } else { noise.bell() })
                .collect();
            let count = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / count;
            let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / count;
            let fourth = draws.iter().map(|draw| draw.powi(4)).sum::<f64>() / count;
            assert!(mean.abs() < 0.01, "{mean}");
            assert!((variance - 1.0).abs() < 0.03, "{variance}");
            assert_eq!(fourth > 4.0, fat, "{fourth}");
        }
    }

    #[test]
    fn a_bridge_is_tied_at_both_ends() {
        let mut noise = Noise::new(7, 1);
        let mut middle = 0.0;
        for _ in 0..20_000 {
            let bridge = noise.bridge();
            assert!(bridge[0] == 0.0 && bridge[MINUTES - 1].abs() < 1e-9);
            middle += bridge[MINUTES / 2] * bridge[MINUTES / 2];
        }
        let variance = middle / 20_000.0; // of a Brownian bridge at its middle: a quarter
        assert!((variance - 0.25).abs() < 0.02, "{variance}");
    }
}
