// The roster: who shares a room key. Its parts are sealed, and the host's letter has the hash of all of it.

const HOST_NUMBER = 0;
// Before the name: number, tag, public signing key, length of the name.
const ENTRY_LENGTH = 4 + 3 + 32 + 1;

/** The entries in the opened parts of a roster; throws if one is cut. */
function parseEntries(bytes) {
	const entries = [];
	for (let at = 0; at < bytes.length; ) {
		const end = at + ENTRY_LENGTH + bytes[at + ENTRY_LENGTH - 1];
		// Also if the length itself is missing: then `end` is no number.
		if (!(end <= bytes.length)) throw Error();
		const entry = bytes.slice(at, end);
		entries.push({
			n: readU32(entry, 0),
			tag: fromUtf8(entry.subarray(4, 7)),
			key: entry.subarray(7, 39),
			name: fromUtf8(entry.subarray(ENTRY_LENGTH)),
			bytes: entry,
		});
		at = end;
	}
	return entries;
}

/** Opens the parts of one generation. */
async function openRoster(roomKey, generation, parts) {
	const key = await deriveAesKey(roomKey, label('roster'));
	const entries = [];
	for (const part of parts.map(fromBase64url)) {
		if (readU32(part, 0) !== generation || readU32(part, 4)) throw Error();
		entries.push(...parseEntries(await open(key, part)));
	}
	return entries;
}

/** The hash that names a circle of people: of all entries, by rising number. */
function hashCircle(entries) {
	const sorted = [...entries.values()].sort((one, other) => one.n - other.n);
	return sha256(label('circle'), ...sorted.map((entry) => entry.bytes));
}
