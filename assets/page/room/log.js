// The list of messages: first what the room has sent, in its order, then own messages without an answer.

// Milliseconds within which messages of one person share one time and name.
const GROUP_TIME = 300000;
// Joins and leaves in folds, all together. Of older ones, a fold has only the number.
const MAX_FOLDED = 100;
// Of two nodes, the second comes later.
const FOLLOWING = 4;

// Screen readers speak what is added to the log. An own message enters it when the room sends it: once, and in
// the order that all see. Until then it stands below the log.
const log = el('div', { role: 'log', 'aria-live': 'polite', 'aria-label': 'Messages' });
const unsent = el('div', { role: 'group', 'aria-label': 'Not sent yet' });
const logView = el('section.log', { 'aria-label': 'Conversation', tabIndex: 0, onscroll: onLogScroll }, log, unsent);
const newMessages = el('button.new-messages', { hidden: true, onclick: scrollToEnd });
// Stands before the first message that came while the tab was hidden or the log was scrolled up.
const unreadLine = el('p.unread', { 'aria-live': 'off' });
// The folded joins and leaves, oldest first.
let folded = [];

/** A line about the room. It does not count as unread. */
const addNote = (text) => addLine(el('p.line dim', {}, text), false);

const clock = (at) => new Date(at).toTimeString().slice(0, 5);

/** A message; `at` is 0 for an own one that the server has not accepted yet. */
function messageLine(n, at, body) {
	const who = el('span.who', {}, participantName(n), n === session.n ? ' you' : '');
	const text = el('p', { dir: 'auto' }, ...linkify(body));
	const line = el('div.line message', {}, el('time', {}, at ? clock(at) : '··:··'), who, text);
	line.classList.toggle('own', n === session.n);
	line.classList.toggle('dim', !at);
	// It fades from the time that the room gives; from now on, if that is to come.
	return Object.assign(line, { n, at: at || Date.now(), since: Math.min(at || Infinity, roomTime()) });
}

/** Hides time and name of a message that follows one of the same person, of the same five minutes and day. */
function groupLine(line, before) {
	const { n, at } = line;
	const inGroup = before?.n === n && at - before.headAt < GROUP_TIME && new Date(at).getDate() === new Date(before.headAt).getDate();
	line.headAt = inGroup ? before.headAt : at;
	line.classList.toggle('in-group', inGroup);
}

/** Adds a line that the room has sent; `isNews` for one that counts as unread. */
function addLine(line, isNews = true) {
	if (isNews && (document.hidden || !followsLog)) {
		if (!unreadCount) log.append(unreadLine);
		unreadCount += 1;
	}
	const before = log.lastElementChild;
	log.append(line);
	if (line.n) groupLine(line, before);
	if (unsent.firstChild) groupLine(unsent.firstChild, line);
	while (log.childElementCount > MAX_LOG_LINES) removeLine(log.firstChild);
	showLogEnd();
}

/** Removes a line from the log. The next one of the group shows time and name. */
function removeLine(line) {
	const { previousElementSibling: before, nextElementSibling: next } = line;
	if (unreadCount && unreadLine.compareDocumentPosition(line) & FOLLOWING) unreadCount -= 1;
	keepFocus(line, logView);
	line.remove();
	if (next?.n) groupLine(next, before);
}

/** Moves the focus out of an element that is about to go: it would be lost. */
function keepFocus(element, target) {
	if (element.contains(document.activeElement)) target.focus({ preventScroll: true });
}

/** Adds an own message that waits for its answer. */
function addUnsent(line) {
	groupLine(line, unsent.lastChild || log.lastElementChild);
	unsent.append(line);
	unreadLine.remove();
	scrollToEnd();
}

function removeUnsent(line) {
	line.remove();
	if (unsent.firstChild) groupLine(unsent.firstChild, log.lastElementChild);
}

/** Adds a join or a leave. From the third in a row on, one line has their numbers, and the names inside. */
function addPresenceChange(n, at, change) {
	const line = el('p.line dim', {}, el('time', {}, clock(at)), ' ', participantName(n), ' ' + change);
	line.change = change;
	const last = log.lastElementChild;
	if (last?.matches('details')) return foldInto(last, line);
	const first = last?.previousElementSibling;
	if (!last?.change || !first?.change) return addLine(line, false);
	// Not live: a screen reader would speak a crowd one by one.
	const fold = el('details.line dim', { 'aria-live': 'off' }, el('summary', {}, first.firstChild.cloneNode(true), ''));
	addLine(fold, false);
	[first, last, line].forEach((one) => foldInto(fold, one));
}

function foldInto(fold, line) {
	fold[line.change] = (fold[line.change] || 0) + 1;
	const counts = ['joined', 'left'].filter((change) => fold[change]).map((change) => `${fold[change]} ${change}`);
	fold.firstChild.lastChild.data = ' ' + counts.join(', ');
	fold.append(line);
	folded.push(line);
	if (folded.length > MAX_FOLDED) folded.shift().remove();
	showLogEnd();
}

const viewSize = () => logView.clientWidth + '×' + logView.clientHeight;
let shownSize;
// The log also shrinks when a phone's keyboard opens.
new ResizeObserver(() => {
	shownSize = viewSize();
	if (followsLog) scrollToEnd();
}).observe(logView);

function onLogScroll() {
	// Firefox scrolls when lines are wrapped anew, before the observer is told why.
	if (viewSize() === shownSize) followsLog = logView.scrollHeight - logView.scrollTop - logView.clientHeight < 48;
	showUnread();
}

/** Scrolls to the end; in a hidden tab not beyond the first unread message. */
function scrollToEnd() {
	logView.scrollTop = document.hidden && unreadCount ? unreadLine.offsetTop : logView.scrollHeight;
	onLogScroll();
}

function showLogEnd() {
	if (followsLog) scrollToEnd();
	else showUnread();
}

/** Counts the unread messages at their beginning, and below the log if they are not in sight. */
function showUnread() {
	if (followsLog && !document.hidden) unreadCount = 0;
	const text = `${unreadCount} new message${unreadCount === 1 ? '' : 's'}`;
	if (unreadCount) unreadLine.textContent = text;
	const isHidden = !unreadCount || followsLog;
	if (isHidden) keepFocus(newMessages, logView);
	newMessages.textContent = text + ' below';
	newMessages.hidden = isHidden;
}

function clearLog() {
	folded = [];
	unreadCount = 0;
	keepFocus(log, logView);
	log.replaceChildren();
}
