//! The file of vectors, and the people in it.

use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::seal::roster::{Roster, parse_entries};
use crate::seal::{Generation, HostKeys, HostSession, LinkKeys, RoomKey, SecretBytes};

pub(super) static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../tests/fixtures/sealed.json")).unwrap()
});

/// For how long the room of the vectors keeps what was said.
pub(super) const RING_AGE: Duration = Duration::from_secs(600);

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(super) fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

pub(super) fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub(super) fn hex(value: &Value) -> Vec<u8> {
    text(value)
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// What goes over the wire; `None` if the text is not the one that stands for its bytes.
pub(super) fn wire(value: &Value) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(value)).ok()
}

pub(super) fn wires(values: &Value) -> Vec<Vec<u8>> {
    array(values).iter().map(|value| wire(value).unwrap()).collect()
}

pub(super) fn secret(name: &str) -> SecretBytes<32> {
    let bytes = hex(&VECTORS["secrets"][name]["secret"]);
    SecretBytes::copy_from(bytes.as_slice().try_into().unwrap())
}

pub(super) fn public(name: &str) -> [u8; 32] {
    hex(&VECTORS["secrets"][name]["public"]).try_into().unwrap()
}

pub(super) fn host() -> HostKeys {
    HostKeys::new(&secret("host signing"))
}

pub(super) fn link() -> LinkKeys {
    LinkKeys::new(secret("host static"))
}

/// The lines that `who` sent and was sent.
pub(super) fn transcript(who: &str) -> &'static [Value] {
    array(&VECTORS["transcripts"][who])
}

/// The session that the host has with `who`, and its answer to their knock.
pub(super) fn host_session(who: &str) -> (Vec<u8>, HostSession) {
    let knock = wire(&transcript(who)[0]["out"]["noise"]).unwrap();
    let (answer, session) =
        link().answer(&knock, secret(&format!("host ephemeral for {who}"))).unwrap();
    (answer.to_vec(), session)
}

pub(super) fn room_key(generation: u32) -> RoomKey {
    let bytes = hex(&roster_vector(generation)["room"]);
    RoomKey::new(SecretBytes::copy_from(bytes.as_slice().try_into().unwrap()))
}

/// Generations are listed from 1.
pub(super) fn roster_vector(generation: u32) -> &'static Value {
    &array(&VECTORS["rosters"])[generation as usize - 1]
}

pub(super) fn roster(generation: u32) -> Roster {
    let entries = array(&roster_vector(generation)["entries"]).iter().map(hex);
    let parsed = entries.flat_map(|bytes| parse_entries(&bytes).unwrap());
    parsed.map(|entry| (entry.number, entry)).collect()
}

pub(super) fn generation(number: u32) -> Generation {
    let seconds = roster_vector(number)["seconds"].as_u64().unwrap().try_into().unwrap();
    let roster = roster(number);
    Generation::new(NonZeroU32::new(number).unwrap(), room_key(number), roster.values(), seconds)
}

/// The names of the participants, by number.
pub(super) fn name_of(number: u32) -> &'static str {
    ["host", "Ana", "Bo", "Çiğdem"][number as usize]
}
