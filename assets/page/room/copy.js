// Copying out of the log: "16:29 Ana: text", a line each. Within one message, the browser copies what is selected.

document.addEventListener('copy', (event) => {
	if (event.target === messageBox) return;
	const selection = getSelection();
	// Firefox has a range on each side of what cannot be selected.
	const ranges = Array.from({ length: selection.rangeCount }, (_, at) => selection.getRangeAt(at));
	const texts = [...logView.querySelectorAll('.message p, [role] > p.line, [open] p, summary')];
	const isWithin = (text) => ranges.every((range) => text.contains(range.commonAncestorContainer));
	const lines = texts.map((text) => [text, ranges.map((range) => writtenPart(range, text)).join('')]).filter(([, part]) => part);
	if (!lines[0] || texts.some(isWithin)) return;
	// From within one message to behind it, as by three clicks.
	const isHeadless = !lines[1] && lines[0][0].contains(ranges[0].startContainer);
	const copied = lines.map(([text, part]) => (isHeadless ? '' : headText(text.parentElement)) + part).join('\n');
	event.clipboardData.setData('text/plain', copied);
	event.preventDefault();
});

const headText = (line) => ('n' in line ? `${line.firstChild.textContent} ${line.querySelector('bdi').textContent}: ` : '');

/** What of an element is in the range, without tags and the targets of links. */
function writtenPart(range, text) {
	const part = document.createRange();
	part.selectNodeContents(text);
	// 0 compares the starts, 2 the ends.
	if (range.compareBoundaryPoints(0, part) > 0) part.setStart(range.startContainer, range.startOffset);
	if (range.compareBoundaryPoints(2, part) < 0) part.setEnd(range.endContainer, range.endOffset);
	const copy = part.cloneContents();
	copy.querySelectorAll('.tag, .target').forEach((note) => note.remove());
	return copy.textContent;
}
