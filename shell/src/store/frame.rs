//! The envelope around every record: `version · crc32 · length of the JSON · JSON · bytes`.
//!
//! The checksum is also over the table and the key, so that a record under another key is found
//! out. The bytes after the JSON are what is no text: a chained hash, the state of a checkpoint.

use super::error::Fault;
use super::table::Table;

/// No record may be larger, in bytes.
pub(super) const LIMIT: usize = 256 << 20;

const HEAD: usize = 2 + 4 + 4;

/// What an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub version: u16,
    pub json: &'a [u8],
    pub blob: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The bytes of the envelope.
    pub(super) fn encode(&self, table: Table, key: &[u8]) -> Result<Vec<u8>, Fault> {
        let bytes = HEAD + self.json.len() + self.blob.len();
        let too_large = Fault::TooLarge { bytes, limit: LIMIT };
        if bytes > LIMIT {
            return Err(too_large);
        }
        let json_len = u32::try_from(self.json.len()).map_err(|_| too_large)?;
        let mut out = Vec::with_capacity(bytes);
        out.extend(self.version.to_le_bytes());
        out.extend(self.checksum(table, key).to_le_bytes());
        out.extend(json_len.to_le_bytes());
        out.extend(self.json);
        out.extend(self.blob);
        Ok(out)
    }

    /// Opens an envelope that was found in `table` under `key`.
    pub(super) fn decode(table: Table, key: &[u8], bytes: &'a [u8]) -> Result<Self, Fault> {
        let (version, rest) = bytes.split_first_chunk().ok_or(Fault::Damaged)?;
        let (checksum, rest) = rest.split_first_chunk().ok_or(Fault::Damaged)?;
        let (json_len, rest) = rest.split_first_chunk().ok_or(Fault::Damaged)?;
        let json_len =
            usize::try_from(u32::from_le_bytes(*json_len)).map_err(|_| Fault::Damaged)?;
        let (json, blob) = rest.split_at_checked(json_len).ok_or(Fault::Damaged)?;
        let frame = Self { version: u16::from_le_bytes(*version), json, blob };
        if frame.checksum(table, key) == u32::from_le_bytes(*checksum) {
            Ok(frame)
        } else {
            Err(Fault::Damaged)
        }
    }

    fn checksum(&self, table: Table, key: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for bytes in [table.name().as_bytes(), key, self.json, self.blob] {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        hasher.update(&self.version.to_le_bytes());
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_in_another_place_or_with_any_other_bit_is_damaged() {
        let frame = Frame { version: 1, json: b"{\"a\":1}", blob: &[7, 8] };
        let bytes = frame.encode(Table::Fills, b"key").unwrap();
        assert_eq!(Frame::decode(Table::Fills, b"key", &bytes).unwrap(), frame);
        assert!(Frame::decode(Table::Fills, b"kez", &bytes).is_err());
        assert!(Frame::decode(Table::Cycles, b"key", &bytes).is_err());
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(Frame::decode(Table::Fills, b"key", &other).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(Frame::decode(Table::Fills, b"key", &bytes[..length]).is_err());
        }
    }
}
