// Bytes, and how they are written on the wire.

const subtle = crypto.subtle;
const utf8 = (text) => new TextEncoder().encode(text);
const concat = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const u32 = (number) => [number >>> 24, number >>> 16, number >>> 8, number].map((byte) => byte & 255);
const readU32 = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
/** Decodes UTF-8 and throws if the bytes are anything else. */
const fromUtf8 = (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

function toBase64url(bytes) {
	const text = btoa(String.fromCharCode(...bytes));
	return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** Decodes base64url without padding, and throws unless it is the only encoding of these bytes. */
function fromBase64url(text) {
	const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
	const bytes = Uint8Array.from(binary, (character) => character.charCodeAt());
	if (toBase64url(bytes) !== text) throw Error();
	return bytes;
}

// Contents are padded to one of these lengths, so that a box says little about the length of its text.
const SIZES = [256, 512, 1024, 2048, 4096, 8192];
const paddedSize = (length) => SIZES.find((size) => size >= length + 2);

function pad(content) {
	const bytes = new Uint8Array(paddedSize(content.length));
	bytes.set([content.length >> 8, content.length & 255]);
	bytes.set(content, 2);
	return bytes;
}

/** What was padded; throws if it was padded in any other way than by pad(). */
function unpad(bytes) {
	const end = 2 + bytes[0] * 256 + bytes[1];
	if (paddedSize(end - 2) !== bytes.length || bytes.subarray(end).some(Boolean)) throw Error();
	return bytes.slice(2, end);
}
