// Copying out of the log: "16:29 Ana: text", a line each.

document.addEventListener('copy', (event) => {
	const selection = getSelection();
	// Firefox has a range for each side of what cannot be selected.
	const ranges = Array.from({ length: selection.rangeCount }, (_, at) => selection.getRangeAt(at));
	const text = event.target === messageBox ? '' : copyText(ranges);
	if (!text) return;
	event.clipboardData.setData('text/plain', text);
	event.preventDefault();
});

/** The text of a selection that goes beyond one message; nothing for what the browser copies itself. */
function copyText(ranges) {
	const lines = [...logView.querySelectorAll('.line')].filter((line) => line.parentElement.open !== false);
	const isInside = (line) => ranges.every((range) => content(line).contains(range.commonAncestorContainer));
	if (lines.some(isInside)) return '';
	const selected = lines.map((line) => [line, selectedText(ranges, line)]).filter(([, text]) => text);
	// From within a message to behind it, as by three clicks.
	const hasNoHead = selected.length === 1 && content(selected[0][0]).contains(ranges[0].startContainer);
	return selected.map(([line, text]) => (hasNoHead || !line.n ? text : copyHead(line) + text)).join('\n');
}

/** What of a line can be copied alone: the text of a message, the numbers of folded joins and leaves. */
const content = (line) => (line.n ? line.lastChild : line.tally ? line.firstChild : line);

const copyHead = (line) => `${line.firstChild.textContent} ${line.querySelector('bdi').textContent}: `;

/** The selected part of a message, or all of another line; without tags and the targets of links. */
function selectedText(ranges, line) {
	const whole = document.createRange();
	whole.selectNodeContents(content(line));
	const texts = ranges.map((range) => {
		const part = whole.cloneRange();
		if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
		if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
		return writtenText(part);
	});
	const text = texts.join('');
	return text && !line.n ? writtenText(whole) : text;
}

function writtenText(range) {
	const copy = range.cloneContents();
	copy.querySelectorAll('.tag, .target').forEach((note) => note.remove());
	return copy.textContent;
}
