// What the steps below use. It reads msg once, into plain lists; each step then says what it makes, and the last one
// makes it. ECMAScript 5, as Rhino runs it.
var trestle = (function () {
  var t = {functions: {}, tables: {}, implicit: {}, warnings: []};
  var segments, blocks, byId, root, entries, rows, made, keyed;

  // --- reading ------------------------------------------------------------------------------------------------------

  function number(element) {
    var name = String(element.name());
    return Number(name.substring(name.lastIndexOf('.') + 1));
  }

  var escapes = {F: '|', S: '^', T: '&', R: '~', E: '\\'};
  function unescaped(text) {
    return text.replace(/\\([FSTRE])\\/g, function (all, sign) { return escapes[sign]; });
  }

  // parts are the components of a field, each a list of its subcomponents.
  function parts(element) {
    var list = [], components = element.elements();
    for (var i = 0; i < components.length(); i++) {
      var c = components[i], subs = [], inner = c.elements();
      for (var j = 0; j < inner.length(); j++) {
        subs[number(inner[j]) - 1] = unescaped(inner[j].toString());
      }
      list[number(c) - 1] = subs.length > 0 ? subs : [unescaped(c.toString())];
    }
    if (list.length === 0) {
      list.push([unescaped(element.toString())]);
    }
    for (var k = 0; k < list.length; k++) {
      list[k] = list[k] || [''];
      for (var l = 0; l < list[k].length; l++) {
        list[k][l] = list[k][l] || '';
      }
    }
    return list;
  }

  function read(message) {
    var list = [], all = message.elements();
    for (var i = 0; i < all.length(); i++) {
      var s = {name: String(all[i].name()), fields: {}}, fields = all[i].elements();
      for (var j = 0; j < fields.length(); j++) {
        var n = number(fields[j]);
        (s.fields[n] = s.fields[n] || []).push(parts(fields[j]));
      }
      list.push(s);
    }
    return list;
  }

  // Segments belong together by rank: one leads those of a higher rank that follow it, up to the next that is not higher.
  var ranks = {MSH: 0, FHS: 0, BHS: 0, EVN: 0, SFT: 0, UAC: 0, MSA: 0, PID: 1, SCH: 1, PD1: 2, PV1: 2, PV2: 2, RGS: 2, MRG: 2,
    OBR: 4, RXO: 4, RXE: 4, RXA: 4, RXD: 4, RXG: 4, IN2: 4, IN3: 4, PR1: 4, DG1: 5, OBX: 5, SPM: 5, TQ1: 5, RXR: 5, RXC: 5, CTI: 5, NTE: 6, ROL: 6, PRT: 6};
  function rank(i) {
    var r = ranks[segments[i].name];
    return r === undefined ? 3 : r;
  }

  // chain is a segment with those that lead it, the nearest first.
  function chain(i) {
    var list = [i], r = rank(i);
    for (var j = i - 1; j >= 0 && r > 0; j--) {
      if (rank(j) < r) {
        r = rank(j);
        list.push(j);
      }
    }
    return list;
  }

  function groupEnd(i) {
    var j = i + 1;
    while (j < segments.length && rank(j) > rank(i)) {
      j++;
    }
    return j;
  }

  function spans(at) {
    var list = [];
    if (at && at.segment >= 0) {
      chain(at.segment).forEach(function (i) { list.push([i, groupEnd(i)]); });
    }
    list.push([0, segments.length]);
    return list;
  }

  function related(a, b) {
    var other = chain(b);
    return chain(a).every(function (i) {
      return other.every(function (j) { return i === j || segments[i].name !== segments[j].name; });
    });
  }

  // near says whether a segment belongs to where a loop stands: not what stands below another order or result.
  function near(at, i) {
    return !at || at.segment < 0 || i >= at.segment && i < groupEnd(at.segment) || related(at.segment, i);
  }

  function nth(at, span, name, n) {
    for (var i = span[0]; i < span[1]; i++) {
      if (segments[i].name === name && near(at, i) && --n <= 0) {
        return i;
      }
    }
    return -1;
  }

  // locate finds a segment as seen from where a loop stands: itself, then the innermost group that has one.
  function locate(at, name, n) {
    for (var u = at; u; u = u.parent) {
      if (u.segment >= 0 && n <= 1 && segments[u.segment].name === name) {
        return u.segment;
      }
    }
    var all = spans(at);
    for (var i = 0; i < all.length; i++) {
      var found = nth(at, all[i], name, n);
      if (found >= 0) {
        return found;
      }
    }
    return -1;
  }

  var pathForm = /^([A-Z][A-Z0-9]{2})(?:\[(\d+|\*)\])?(?:-(\d+)(?:\[(\d+|\*)\])?(?:\.(\d+|\*)(?:\.(\d+|\*))?)?)?$/;
  var paths = {};
  function path(text) {
    if (!paths[text]) {
      var m = text.charAt(0) === '.' ? [].concat(text, '', '', '', '', text.substring(1).split('.')) : pathForm.exec(text);
      paths[text] = {relative: text.charAt(0) === '.', segment: m[1], occurrence: m[2], field: Number(m[3] || 0), repetition: m[4], component: m[5], sub: m[6]};
    }
    return paths[text];
  }

  // A value is text, an object of the target, or {parts, segment, level} of the message.
  function add(list, value, p) {
    if (!p.component) {
      list.push(value);
      return;
    }
    value.parts.forEach(function (subs, i) {
      if (p.component !== '*' && i !== Number(p.component) - 1) {
        return;
      }
      if (!p.sub) {
        list.push({parts: subs.map(function (s) { return [s]; }), segment: value.segment, component: true});
        return;
      }
      subs.forEach(function (s, j) {
        if (p.sub === '*' || j === Number(p.sub) - 1) {
          list.push({parts: [[s]], segment: value.segment, component: true});
        }
      });
    });
  }

  function ofField(list, i, p) {
    var reps = segments[i].fields[p.field] || [];
    reps.forEach(function (rep, n) {
      if (p.repetition === '*' || n === Number(p.repetition || 1) - 1) {
        add(list, {parts: rep, segment: i}, p);
      }
    });
  }

  function values(text, at, rep) {
    var p = path(text), list = [];
    if (p.relative) {
      if (rep && rep.value || at && at.value) {
        add(list, rep && rep.value ? rep.value : at.value, p);
      }
      return list;
    }
    if (rep && p.field === rep.field && !p.repetition && !p.occurrence && segments[rep.segment].name === p.segment) {
      add(list, rep.value, p);
      return list;
    }
    if (rep && !rep.field && p.field && !p.occurrence && segments[rep.segment].name === p.segment) {
      ofField(list, rep.segment, p);
      return list;
    }
    if (at && at.value && p.field === at.field && !p.repetition && !p.occurrence && segments[at.segment].name === p.segment) {
      add(list, at.value, p);
      return list;
    }
    if (!p.field) {
      return list;
    }
    if (p.occurrence === '*') {
      var all = spans(at);
      for (var k = 0; k < all.length; k++) {
        if (k === all.length - 1 || nth(at, all[k], p.segment, 1) >= 0) {
          for (var i = all[k][0]; i < all[k][1]; i++) {
            if (segments[i].name === p.segment && near(at, i)) {
              ofField(list, i, p);
            }
          }
          break;
        }
      }
      return list;
    }
    var found = locate(at, p.segment, Number(p.occurrence || 1));
    if (found >= 0) {
      ofField(list, found, p);
    }
    return list;
  }

  // text is the value as text; of what has components, the first.
  function text(v) {
    if (typeof v === 'string') {
      return v;
    }
    if (v.parts) {
      var s = v.parts.length > 0 ? v.parts[0][0] || '' : '';
      return s === '""' ? '' : s;
    }
    return JSON.stringify(v.value === undefined ? v : v.value);
  }

  function empty(v) {
    if (v === null || v === undefined || v === '') {
      return true;
    }
    if (v.parts) {
      return !v.parts.some(function (c) { return c.some(function (s) { return s !== '' && s !== '""'; }); });
    }
    return typeof v === 'object' && v.value === undefined && Object.keys(v).length === 0;
  }

  function deletes(v) { return !!v.parts && v.parts.length === 1 && v.parts[0].length === 1 && v.parts[0][0] === '""'; }

  function present(list) { return list.filter(function (v) { return !empty(v); }); }

  // --- conditions ---------------------------------------------------------------------------------------------------

  // asked is what conditions ask: where a loop stands.
  function Asked(at, rep) { this.at = at; this.rep = rep; }
  Asked.prototype.valued = function (source) {
    var p = path(source);
    if (!p.relative && !p.field) {
      return locate(this.at, p.segment, Number(p.occurrence || 1)) >= 0;
    }
    return present(values(source, this.at, this.rep)).length > 0;
  };
  Asked.prototype.holds = function (source, test) {
    var list = values(source, this.at, this.rep);
    return list.length === 0 ? test('') : list.some(function (v) { return test(text(v)); });
  };
  Asked.prototype.count = function (source) {
    var p = path(source), n = 0;
    if (!p.relative && !p.field) {
      var all = spans(this.at);
      for (var k = 0; k < all.length && n === 0; k++) {
        for (var i = all[k][0]; i < all[k][1]; i++) {
          n += segments[i].name === p.segment && near(this.at, i) ? 1 : 0;
        }
      }
      return n;
    }
    var whole = !p.repetition && !p.component && !p.relative;
    return present(values(whole ? source + '[*]' : source, this.at, whole ? null : this.rep)).length;
  };
  // compare orders numbers as numbers and anything else as text.
  t.compare = function (a, b) {
    var x = Number(a), y = Number(b);
    if (a.trim() !== '' && b.trim() !== '' && !isNaN(x) && !isNaN(y)) {
      return x - y;
    }
    return a < b ? -1 : a > b ? 1 : 0;
  };

  // --- writing trees ------------------------------------------------------------------------------------------------

  function steps(to) {
    return to.split('.').map(function (step) {
      var m = /^([^\[]*)(?:\[(.*)\])?$/.exec(step);
      if (m[2] === undefined) {
        return {name: m[1], mode: 'one'};
      }
      if (m[2] === '') {
        return {name: m[1], mode: 'new'};
      }
      return /^\d+$/.test(m[2]) ? {name: m[1], mode: 'at', index: Number(m[2])} : {name: m[1], mode: 'tag', tag: m[2]};
    });
  }

  function isObject(v) { return v !== null && typeof v === 'object' && !Array.isArray(v); }

  function merge(to, from) {
    Object.keys(from).forEach(function (name) {
      if (Array.isArray(to[name]) && Array.isArray(from[name])) {
        to[name] = to[name].concat(from[name]);
      } else {
        to[name] = from[name];
      }
    });
  }

  // typed makes of a value what the type of its target wants; null if it does not fit.
  function typed(rule, v) {
    if (isObject(v) && !v.parts && v.value === undefined) {
      return rule.type === 'text' ? null : v;
    }
    if (isObject(v) && v.value !== undefined) {
      return v; // with its type, for value[x]
    }
    var s = text(v);
    switch (rule.type) {
    case 'boolean':
      return s === 'true' ? true : s === 'false' ? false : null;
    case 'number':
      return /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(s) ? Number(s) : null;
    case 'integer':
      return /^-?(0|[1-9]\d*)$/.test(s) ? Number(s) : null;
    case 'object':
      return null;
    }
    return s === '' ? null : s;
  }

  function suffix(v) {
    return v.kind ? v.kind : typeof v === 'boolean' ? 'Boolean' : typeof v === 'number' ? 'Decimal' : 'String';
  }

  function plain(v) { return isObject(v) && v.value !== undefined && v.kind ? v.value : v; }

  function write(at, rule, rep, v) {
    var n = typed(rule, v);
    if (n === null) {
      return;
    }
    var to = at.out, looped = false, list = rule.steps;
    for (var i = 0; i < list.length; i++) {
      var s = list[i], last = i === list.length - 1;
      if (s.mode === 'one') {
        if (last) {
          var name = rule.choice ? s.name + suffix(n) : s.name;
          if (isObject(to[name]) && isObject(plain(n))) {
            merge(to[name], plain(n));
          } else {
            to[name] = plain(n);
          }
          return;
        }
        to = to[s.name] = to[s.name] === undefined ? {} : to[s.name];
        continue;
      }
      var items = to[s.name] = to[s.name] === undefined ? [] : to[s.name];
      if (!Array.isArray(items)) {
        return;
      }
      var inLoop = s.mode === 'new' && !!rep && !looped;
      looped = looped || inLoop;
      var found = find(at, items, s, inLoop, rep);
      if (last) {
        if (found < 0) {
          items.push(plain(n));
          remember(at, items, s, inLoop, rep, items.length - 1);
        } else if (isObject(items[found]) && isObject(plain(n))) {
          merge(items[found], plain(n));
        } else {
          items[found] = plain(n);
        }
        return;
      }
      if (found < 0) {
        items.push({});
        found = items.length - 1;
        remember(at, items, s, inLoop, rep, found);
      }
      to = items[found];
    }
  }

  function loopOf(rep) { return rep ? rep.loop + ' ' + rep.n : ''; }

  function find(at, items, s, inLoop, rep) {
    if (s.mode === 'at') {
      while (items.length < s.index) {
        items.push(null);
      }
      return s.index < items.length ? s.index : -1;
    }
    if (s.mode === 'tag' || inLoop) {
      for (var i = at.keys.length - 1; i >= 0; i--) {
        var k = at.keys[i];
        if (k.items === items && k.tag === s.tag && k.loop === loopOf(rep)) {
          return k.index;
        }
      }
    }
    return -1;
  }

  function remember(at, items, s, inLoop, rep, index) {
    if (s.mode === 'tag' || inLoop) {
      at.keys.push({items: items, tag: s.tag, loop: loopOf(rep), index: index});
    }
  }

  // --- writing HL7 v2 -----------------------------------------------------------------------------------------------

  function set(segment, field, rep, component, sub, s) {
    var reps = segment.fields[field] = segment.fields[field] || [];
    while (reps.length < rep) {
      reps.push([]);
    }
    var r = reps[rep - 1];
    while (r.length < component) {
      r.push([]);
    }
    var c = r[component - 1];
    while (c.length < sub) {
      c.push('');
    }
    c[sub - 1] = s;
  }

  function writeSegment(at, rule, rep, v) {
    var p = rule.place, n = p.repetition;
    if (p.loop) {
      var next = 1, known = 0;
      at.keys.forEach(function (k) {
        if (k.field === p.field) {
          next = Math.max(next, k.n + 1);
          known = rep && k.loop === loopOf(rep) ? k.n : known;
        }
      });
      n = known || next;
      if (!known) {
        at.keys.push({field: p.field, loop: loopOf(rep), n: n});
      }
    }
    if (!v.parts || deletes(v)) {
      set(at.out, p.field, n, p.component || 1, p.sub || 1, deletes(v) ? '""' : text(v));
      return;
    }
    v.parts.forEach(function (subs, i) {
      subs.forEach(function (s, j) {
        if (s === '') {
          return;
        }
        if (!p.component) {
          set(at.out, p.field, n, v.component ? 1 : i + 1, v.component ? i + 1 : j + 1, s);
        } else if (!p.sub && j === 0) {
          set(at.out, p.field, n, p.component, i + 1, s);
        } else if (p.sub && i === 0 && j === 0) {
          set(at.out, p.field, n, p.component, p.sub, s);
        }
      });
    });
  }

  var signs = {'\\': '\\E\\', '|': '\\F\\', '^': '\\S\\', '&': '\\T\\', '~': '\\R\\', '\r': '\\X0D\\', '\n': '\\X0A\\'};
  function escaped(s) { return s === '""' ? s : s.replace(/[\\|^&~\r\n]/g, function (c) { return signs[c]; }); }

  function joined(list, sign) { return list.join(sign).replace(new RegExp('\\' + sign + '+$'), ''); }

  function er7(s) {
    var most = Math.max.apply(null, [0].concat(Object.keys(s.fields).map(Number))), fields = [];
    for (var n = s.name === 'MSH' ? 3 : 1; n <= most; n++) {
      fields.push(joined((s.fields[n] || []).map(function (rep) {
        return joined(rep.map(function (c) { return joined(c.map(escaped), '&'); }), '^');
      }), '~'));
    }
    return joined([s.name === 'MSH' ? 'MSH|^~\\&' : s.name].concat(fields), '|') + '\r';
  }

  // --- running ------------------------------------------------------------------------------------------------------

  function uuid(list) {
    return String(java.util.UUID.nameUUIDFromBytes(new java.lang.String(list.join('\u0000')).getBytes('UTF-8')));
  }

  function turnsOf(b, parent) {
    var list = [], i;
    function turn(segment) {
      list.push({block: b, parent: parent, segment: segment, keys: []});
      return list[list.length - 1];
    }
    if (!b.per) {
      var one = turn(parent ? parent.segment : -1);
      one.field = parent ? parent.field : 0;
      one.value = parent ? parent.value : null;
      return list;
    }
    var from = 0, to = segments.length, p;
    if (parent && parent.segment >= 0) {
      from = parent.segment;
      to = groupEnd(parent.segment);
    }
    if (b.group) { // the first of the segments that a group may begin with
      var last = -1;
      for (i = from; i < to; i++) {
        var place = b.group.indexOf(segments[i].name);
        if (place >= 0 && (last < 0 || place <= last)) {
          turn(i);
        }
        last = place >= 0 ? place : last;
      }
      return list;
    }
    p = path(b.per);
    function fields(i) {
      ((i >= 0 && segments[i].fields[p.field]) || []).forEach(function (rep) {
        if (!empty({parts: rep})) {
          var x = turn(i);
          x.field = p.field;
          x.value = {parts: rep, segment: i};
        }
      });
    }
    if (p.field && (parent || p.occurrence)) {
      fields(locate(parent, p.segment, Number(p.occurrence || 1)));
      return list;
    }
    var n = 0;
    for (i = from; i < to; i++) {
      if (segments[i].name !== p.segment) {
        continue;
      }
      if (p.field) {
        fields(i);
      } else if (!p.occurrence || p.occurrence === '*' || ++n === Number(p.occurrence)) {
        turn(i);
      }
    }
    return list;
  }

  function plan(b, parent, order) {
    var within = 0;
    turnsOf(b, parent).forEach(function (at) {
      if (b.when && !b.when(new Asked(at, null))) {
        return;
      }
      at.index = b.turns.length;
      at.within = within++;
      b.turns.push(at);
      order.push(at);
      if (t.target === 'fhir') {
        identify(at);
      }
      b.blocks.forEach(function (inner) { plan(inner, at, order); });
    });
  }

  // identify derives the identifier of a resource from its keys, or from the message and the place in it.
  function identify(at) {
    var keys = (at.block.key || []).map(function (k) { var v = values(k, at, null); return v.length > 0 ? text(v[0]) : ''; });
    if (keys.some(function (k) { return k !== ''; })) {
      at.id = uuid([t.seed, at.block.make].concat(keys));
      if (keyed[at.id]) {
        at.twin = true;
      }
      keyed[at.id] = true;
      return;
    }
    at.id = uuid([t.seed, JSON.stringify(segments), at.block.id, at.index]);
  }

  // belongs says whether what two turns make belongs together: in no two repetitions of one group.
  t.belongs = function (at, other) {
    if (at.segment >= 0 && other.segment >= 0 && !related(at.segment, other.segment)) {
      return false;
    }
    for (var u = at; u; u = u.parent) {
      for (var w = other; w; w = w.parent) {
        if (u.block === w.block) {
          return u === w;
        }
      }
    }
    return true;
  };

  t.turnsOf = function (id) { return byId[id] ? byId[id].turns : []; };

  function begin(at) {
    var b = at.block;
    switch (t.target) {
    case 'fhir':
      if (at.twin) {
        return false;
      }
      if (b.make === t.root) {
        at.out = root;
        if (b.make !== 'Bundle' && at.index === 0) {
          root.id = at.id;
        }
        return true;
      }
      at.out = {resourceType: b.make, id: at.id};
      entries.push({fullUrl: 'urn:uuid:' + at.id, resource: at.out});
      return true;
    case 'hl7v2':
      at.out = {name: b.make, fields: {}};
      made.push(at.out);
      return true;
    case 'csv':
      at.out = {};
      rows.push(at.out);
      return true;
    }
    var to = at.parent ? at.parent.out : root;
    if (b.make !== '.') {
      steps(b.make).forEach(function (s, i, all) {
        var last = i === all.length - 1;
        if (s.mode !== 'one' && last) {
          to[s.name] = to[s.name] || [];
          to[s.name].push({});
          to = to[s.name][to[s.name].length - 1];
          return;
        }
        to[s.name] = to[s.name] || {};
        to = Array.isArray(to[s.name]) ? to[s.name][to[s.name].length - 1] : to[s.name];
      });
    }
    at.out = to;
    return true;
  }

  function one(at, rule, rep) {
    if (rule.when && !rule.when(new Asked(at, rep))) {
      return;
    }
    var list = [];
    if (rule.value !== undefined) {
      list.push(rule.value);
    } else if (rule.formula) {
      var named = Object.keys(rule.inputs).map(function (name) {
        var found = values(rule.inputs[name], at, rep).map(text);
        return rule.lists[name] ? found : found.length > 0 ? found[0] : '';
      });
      list = [].concat(rule.formula.apply(null, named)).map(String);
    } else {
      (rule.from || []).forEach(function (source) { list = list.concat(values(source, at, rep)); });
    }
    (rule.run || []).forEach(function (step) {
      list = t.functions[step[0]]({at: at, rep: rep, segments: segments}, list, step.slice(1));
    });
    list = list.filter(function (v) { return !empty(v) || t.target === 'hl7v2' && v && deletes(v); });
    if (list.length === 0 && rule.otherwise !== undefined) {
      list.push(rule.otherwise);
    }
    var news = rule.steps ? rule.steps.filter(function (s) { return s.mode === 'new'; }).length : 0;
    var many = rule.place ? rule.place.loop : rule.steps[rule.steps.length - 1].mode === 'new';
    if (list.length > 1 && (!many || rep && news < 2)) {
      list = list.slice(0, 1);
    }
    list.forEach(function (v) {
      if (t.target === 'hl7v2') {
        writeSegment(at, rule, rep, v);
      } else {
        write(at, rule, rep, v);
      }
    });
  }

  // repetitions are those of a field, or the segments of a name in the innermost group that has any.
  function repetitions(at, each) {
    var p = path(each), list = [], i;
    if (!p.field) {
      var all = spans(at);
      for (var k = 0; k < all.length && list.length === 0; k++) {
        for (i = all[k][0]; i < all[k][1]; i++) {
          if (segments[i].name === p.segment && near(at, i)) {
            list.push({segment: i, field: 0});
          }
        }
      }
      return list;
    }
    i = locate(at, p.segment, Number(p.occurrence || 1));
    if (i >= 0 && at.field === p.field && at.segment === i) { // the block loops over this field already
      return [{segment: i, field: p.field, value: at.value}];
    }
    ((i >= 0 && segments[i].fields[p.field]) || []).forEach(function (parts) {
      if (!empty({parts: parts})) {
        list.push({segment: i, field: p.field, value: {parts: parts, segment: i}});
      }
    });
    return list;
  }

  function apply(at) {
    var rules = at.block.rules, i = 0;
    while (i < rules.length) {
      var to = i + 1;
      while (to < rules.length && rules[to].each === rules[i].each) {
        to++;
      }
      var group = rules.slice(i, to), each = rules[i].each;
      if (!each) {
        group.forEach(function (rule) { one(at, rule, null); });
      } else {
        repetitions(at, each).forEach(function (rep, n) {
          rep.n = n;
          rep.loop = each;
          group.forEach(function (rule) { one(at, rule, rep); });
        });
      }
      i = to;
    }
  }

  // request gives each entry of a transaction its request: the resource with its first identifier is updated, unless that has no
  // system, is a social security number, or another entry of the type has it; else the one with its id.
  function request(list) {
    var had = {};
    function address(type, id) {
      var ssn = id && id.type && (id.type.coding || []).some(function (c) { return c.code === 'SS'; });
      if (!id || !id.system || !id.value || ssn || id.system === 'http://hl7.org/fhir/sid/us-ssn' || id.system === 'urn:oid:2.16.840.1.113883.4.1') {
        return '';
      }
      return type + '?identifier=' + encodeURIComponent([id.system, id.value].map(function (s) {
        return s.replace(/[\\|,$]/g, '\\$&');
      }).join('|')).replace(/[!'()*]/g, function (s) {
        return '%' + s.charCodeAt(0).toString(16).toUpperCase();
      }).replace(/%3A/g, ':').replace(/%2F/g, '/');
    }
    // An identifier is a list in most resources, and one in some.
    function identifiers(of) { return of.identifier ? [].concat(of.identifier) : []; }
    list.forEach(function (e) {
      var own = {};
      identifiers(e.resource).forEach(function (id) {
        var at = address(e.resource.resourceType, id);
        if (at && !own[at]) {
          own[at] = true;
          had[at] = (had[at] || 0) + 1;
        }
      });
    });
    list.forEach(function (e) {
      var of = e.resource, at = address(of.resourceType, identifiers(of).filter(function (id) { return id.use !== 'old'; })[0]);
      if (had[at] === 1 && e.fullUrl === 'urn:uuid:' + of.id) {
        delete of.id;
      } else {
        at = of.resourceType + '/' + of.id;
      }
      e.request = {method: 'PUT', url: at};
    });
  }

  t.values = values;
  t.text = text;
  t.empty = empty;
  t.present = present;
  t.uuid = uuid;

  // begin forgets the last message: a script may be run again in the same scope.
  t.begin = function (target, rootName, seed, bundle) {
    t.target = target;
    t.root = rootName;
    t.seed = seed;
    t.bundle = bundle;
    blocks = [];
    byId = {};
  };

  // block takes what a step says, in a block around it or not.
  t.block = function (b, rules) {
    b.rules = rules;
    b.turns = [];
    b.blocks = [];
    rules.forEach(function (rule) {
      if (rule.to && !rule.steps) {
        rule.steps = steps(rule.to);
      }
    });
    byId[b.id] = b;
    (b.inside ? byId[b.inside].blocks : blocks).push(b);
  };

  // run makes the target of a message: an object, the text of HL7 v2, or the lines of a table.
  t.run = function (message) {
    var order = [];
    segments = read(message);
    keyed = {};
    entries = [];
    rows = [];
    made = [];
    root = t.target === 'fhir' ? {resourceType: t.root} : {};
    if (t.bundle) {
      root.type = t.bundle;
    }
    blocks.forEach(function (b) { plan(b, null, order); });
    order.forEach(function (at) {
      if (begin(at)) {
        apply(at);
      }
    });
    if (entries.length > 0) {
      root.entry = entries;
      if (root.type === 'transaction' || root.type === 'batch') {
        request(entries);
      }
    }
    if (t.target === 'hl7v2') {
      return made.map(er7).join('');
    }
    if (t.target === 'csv') {
      return rows.map(function (row) {
        return t.columns.map(function (name) {
          var s = row[name] === undefined ? '' : String(row[name]);
          return /[",\r\n]|^\s|^$/.test(s) && (s !== '' || t.columns.length === 1) ? '"' + s.replace(/"/g, '""') + '"' : s;
        }).join(',') + '\n';
      }).join('');
    }
    return root;
  };
  return t;
})();
