// Texts by the rules of open rooms (src/lib/chat/text.rs). There the server refuses what breaks them; here it
// cannot read, so both sides replace what an open room would refuse.

// Control characters, characters that reverse letters, invisible ones without a meaning yet, and tags that
// follow no flag.
const FORBIDDEN = /[\p{Cc}\p{Cs}\u202d\u202e\u{e0001}]|(?=\p{DI})\p{Cn}|(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,6})[\u{e0020}-\u{e007f}]/gu;
const MARKS = /(?:[\p{Mn}\p{Me}][\p{Mc}\p{Cf}]*){5,}/gu;
// Most marks on one letter, and of one combining class.
const MAX_MARKS = 10,
	MAX_MARKS_OF_CLASS = 4;

/** Whether two marks are drawn at one place. Those of different classes have one order in a normal form. */
function sameClass(one, other) {
	const keepsOrder = (first, second) => (first + second).normalize('NFD') === first.normalize('NFD') + second.normalize('NFD');
	return keepsOrder(one, other) && keepsOrder(other, one);
}

/** Whether a mark has class 0, in whose place nothing else is counted: it keeps its order with any other. */
const isPlaceless = (mark) => sameClass(mark, '\u0301') && sameClass(mark, '\u0323');

function boundMarks(run) {
	const kept = [];
	return [...run].filter((mark) => {
		if (!/[\p{Mn}\p{Me}]/u.test(mark)) return true;
		const same = isPlaceless(mark) ? [] : kept.filter((other) => !isPlaceless(other) && sameClass(mark, other));
		return kept.length < MAX_MARKS && same.length < MAX_MARKS_OF_CLASS && kept.push(mark);
	}).join('');
}

/** A text that acts on no screen, with line feeds only, without empty lines around it. */
function sanitizeText(text) {
	const lines = text.replace(/\r\n|[\r\v\f\x85\u2028\u2029]/g, '\n');
	const clean = lines.replace(FORBIDDEN, (sign) => (sign === '\n' || sign === '\t' ? sign : '\ufffd'));
	return clean.replace(MARKS, boundMarks).replace(/^\n+/, '').trimEnd();
}
