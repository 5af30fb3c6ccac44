// The functions of the rules, as Trestle has them.
(function (t) {
  var f = t.functions, text = t.text, present = t.present;

  // The codes of HL7 v2 that the functions know.
  var known = KNOWN;

  // each makes a function on each value's text.
  function each(name, make) {
    f[name] = function (c, list, args) {
      return list.map(function (v) { return make(text(v), args, c); });
    };
  }

  // --- text ---------------------------------------------------------------------------------------------------------
  each('trim', function (s) { return s.trim(); });
  each('upper', function (s) { return s.toUpperCase(); });
  each('lower', function (s) { return s.toLowerCase(); });
  each('title_case', function (s) {
    return s.toLowerCase().replace(/(^|[^A-Za-z0-9\u00c0-\u024f\u2019])([a-z\u00e0-\u024f])/g, function (all, a, b) { return a + b.toUpperCase(); });
  });
  each('normalise_space', function (s) { return s.trim().replace(/\s+/g, ' '); });
  each('digits', function (s) { return s.replace(/[^0-9]/g, ''); });
  each('ascii', function (s) { return s.replace(/[^\x00-\x7f]/g, ''); });
  each('length', function (s) { return String(s.length); });
  each('left', function (s, a) { return s.substring(0, Number(a[0])); });
  each('right', function (s, a) { return s.substring(Math.max(0, s.length - Number(a[0]))); });
  each('substring', function (s, a) {
    var from = Math.max(0, Number(a[0]) - 1);
    return a.length > 1 ? s.substring(from, from + Number(a[1])) : s.substring(from);
  });
  each('before', function (s, a) { return s.indexOf(a[0]) < 0 ? s : s.substring(0, s.indexOf(a[0])); });
  each('after', function (s, a) { return s.indexOf(a[0]) < 0 ? '' : s.substring(s.indexOf(a[0]) + a[0].length); });
  each('piece', function (s, a) { return s.split(a[0])[Number(a[1]) - 1] || ''; });
  each('replace', function (s, a) { return s.split(a[0]).join(a[1]); });
  each('regex_replace', function (s, a) { return s.replace(new RegExp(a[0], 'g'), a[1]); });
  each('regex_extract', function (s, a) {
    var m = new RegExp(a[0]).exec(s);
    return m ? (m.length > 1 ? m[1] || '' : m[0]) : '';
  });
  each('remove', function (s, a) { return s.split('').filter(function (c) { return a[0].indexOf(c) < 0; }).join(''); });
  each('translate', function (s, a) {
    return s.split('').map(function (c) { var i = a[0].indexOf(c); return i < 0 ? c : a[1].charAt(i); }).join('');
  });
  each('strip_leading', function (s, a) {
    while (s !== '' && a[0].indexOf(s.charAt(0)) >= 0) {
      s = s.substring(1);
    }
    return s;
  });
  each('strip_trailing', function (s, a) {
    while (s !== '' && a[0].indexOf(s.charAt(s.length - 1)) >= 0) {
      s = s.substring(0, s.length - 1);
    }
    return s;
  });
  each('prefix', function (s, a) { return s === '' ? s : a[0] + s; });
  each('suffix', function (s, a) { return s === '' ? s : s + a[0]; });
  function padding(s, a) { return new Array(Math.max(0, Number(a[0]) - s.length) + 1).join(a[1]); }
  each('pad', function (s, a) { return padding(s, a) + s; });
  each('pad_right', function (s, a) { return s + padding(s, a); });

  // --- choice -------------------------------------------------------------------------------------------------------
  f['default'] = function (c, list, a) { list = present(list); return list.length === 0 ? [a[0]] : list; };
  f.constant = function (c, list, a) { return present(list).length === 0 ? [] : [a[0]]; };
  each('choose', function (s, a) {
    for (var i = 0; i + 1 < a.length; i += 2) {
      if (s === a[i]) {
        return a[i + 1];
      }
    }
    return a.length % 2 === 1 ? a[a.length - 1] : s;
  });
  each('omit', function (s, a) { return a.indexOf(s) >= 0 ? '' : s; });
  each('only', function (s, a) { return a.indexOf(s) < 0 ? '' : s; });
  f['null'] = function () { return [{parts: [['""']]}]; };

  // --- code tables --------------------------------------------------------------------------------------------------
  function answer(name, key) {
    var table = t.tables[name], found = table.rows[key];
    if (found) {
      return found;
    }
    switch (table.missing) {
    case 'default':
      for (var k in table.rows) {
        if (table.rows[k][0] === table.use) {
          return table.rows[k];
        }
      }
      return [table.use];
    case 'pass':
      return [key];
    case 'error':
      throw new Error('the code table ' + name + ' does not hold a value that the message has');
    }
    return null;
  }
  function looked(name, make) {
    f[name] = function (c, list, a) {
      var out = [];
      list.forEach(function (v) {
        var key = text(v), found = key === '' ? null : answer(a[0], key);
        if (found) {
          out.push(make(found, key));
        }
      });
      return out;
    };
  }
  function tidy(o) {
    Object.keys(o).forEach(function (k) {
      if (o[k] === '' || o[k] === undefined || o[k] === null || typeof o[k] === 'object' && Object.keys(o[k]).length === 0) {
        delete o[k];
      }
    });
    return o;
  }
  function codingOf(row) { return tidy({system: row[1], code: row[0], display: row[2]}); }
  looked('lookup', function (row) { return row[0]; });
  looked('coded', codingOf);
  looked('concept', function (row) { return {coding: [codingOf(row)]}; });
  f.known = function (c, list, a) { return list.filter(function (v) { return !!t.tables[a[0]].rows[text(v)]; }).map(text); };

  function isOID(s) { return s.length >= 5 && /^[0-2]\.\d[\d.]*$/.test(s) && !/\.\.|\.$/.test(s); }
  function systemURI(name) {
    name = name.trim();
    if (known.systems[name]) {
      return known.systems[name];
    }
    if (/^HL7\d{4}$/.test(name)) {
      return 'http://terminology.hl7.org/CodeSystem/v2-' + name.substring(3);
    }
    return /^(https?:\/\/|urn:)/.test(name) ? name : isOID(name) ? 'urn:oid:' + name : '';
  }
  function identifierURI(s) {
    s = s.trim();
    if (isOID(s)) {
      return 'urn:oid:' + s;
    }
    if (/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(s)) {
      return 'urn:uuid:' + s.toLowerCase();
    }
    return /^(https?:\/\/|urn:)/.test(s) ? s : '';
  }
  each('system_uri', systemURI);
  each('oid_uri', identifierURI);

  // --- dates --------------------------------------------------------------------------------------------------------

  // moment reads HL7's DTM and FHIR's dates, with the precision that they have; null for anything else.
  function moment(s) {
    var m = /^(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d+))?([+-]\d{4})?$/.exec(s.trim());
    if (!m) {
      var d = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d)(?::(\d\d))?(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?)?$/.exec(s.trim());
      if (!d) {
        return null;
      }
      m = d.slice(0, 8).concat(d[8] === 'Z' ? '+0000' : d[8] ? d[8].replace(':', '') : undefined);
    }
    var x = {parts: [], fraction: m[7] || '', zone: m[8] || ''};
    for (var i = 1; i <= 6 && m[i]; i++) {
      x.parts.push(m[i]);
    }
    var p = x.parts.map(Number);
    if (p[0] < 1 || p[1] < 1 || p[1] > 12 || p[2] < 1 || p[2] > new Date(Date.UTC(p[0], p[1], 0)).getUTCDate() || p[3] > 23 || p[4] > 59 || p[5] > 60) {
      return null;
    }
    return x;
  }
  function offset(m) {
    if (m.zone) {
      return m.zone.substring(0, 3) + ':' + m.zone.substring(3);
    }
    if (!t.zone) {
      return '';
    }
    var p = m.parts.map(Number);
    var at = java.time.LocalDateTime.of(p[0], p[1], p[2], p[3] || 0, p[4] || 0, Math.min(p[5] || 0, 59)).atZone(java.time.ZoneId.of(t.zone));
    var z = String(at.getOffset().getId());
    return z;
  }
  function dateOf(m) { return m.parts.slice(0, 3).join('-'); }
  function dateTime(s) {
    var m = moment(s);
    if (!m) {
      return '';
    }
    if (m.parts.length <= 3 || offset(m) === '') {
      return dateOf(m);
    }
    return dateOf(m) + 'T' + m.parts[3] + ':' + (m.parts[4] || '00') + ':' + (m.parts[5] || '00') + (m.fraction ? '.' + m.fraction : '') + offset(m);
  }
  each('date', function (s) { var m = moment(s); return m ? dateOf(m) : ''; });
  each('datetime', dateTime);
  each('instant', function (s) {
    var m = moment(s);
    if (!m || m.parts.length < 3 || offset(m) === '') {
      return '';
    }
    while (m.parts.length < 6) {
      m.parts.push('00');
    }
    return dateOf(m) + 'T' + m.parts.slice(3).join(':') + (m.fraction ? '.' + m.fraction : '') + offset(m);
  });
  each('time', function (s) {
    var m = moment(s);
    return m && m.parts.length > 3 ? m.parts[3] + ':' + (m.parts[4] || '00') + ':' + (m.parts[5] || '00') : '';
  });
  function dtm(m, most) {
    var s = m.parts.slice(0, most).join('');
    return s.length === 14 && m.fraction ? s + '.' + m.fraction.substring(0, 4) + m.zone : s.length > 8 ? s + m.zone : s;
  }
  each('hl7_date', function (s) { var m = moment(s); return m ? dtm(m, 3) : ''; });
  each('hl7_datetime', function (s) { var m = moment(s); return m ? dtm(m, 6) : ''; });
  each('utc', function (s) {
    var full = dateTime(s);
    return full.length > 10 ? new Date(full).toISOString().replace(/\.\d+Z$/, 'Z') : full;
  });
  function two(n) { return (n < 10 ? '0' : '') + n; }
  function stamp(d) {
    return d.getUTCFullYear() + two(d.getUTCMonth() + 1) + two(d.getUTCDate()) + two(d.getUTCHours()) + two(d.getUTCMinutes()) + two(d.getUTCSeconds());
  }
  function utc(m) {
    var p = m.parts.map(Number);
    return Date.UTC(p[0], (p[1] || 1) - 1, p[2] || 1, p[3] || 0, p[4] || 0, p[5] || 0);
  }
  f.now = function () { return [stamp(new Date()) + '+0000']; };
  f.plus_minutes = function (c, list) {
    list = present(list);
    var m = list.length === 2 ? moment(text(list[0])) : null, n = list.length === 2 ? Number(text(list[1])) : -1;
    if (!m || m.parts.length < 5 || isNaN(n) || n < 0 || n > 100000) {
      return [];
    }
    var s = stamp(new Date(utc(m) + n * 60000));
    return [s + (m.fraction ? '.' + m.fraction.substring(0, 4) : '') + m.zone];
  };
  each('add_days', function (s, a) {
    var m = moment(s);
    if (!m || m.parts.length < 3) {
      return '';
    }
    var d = stamp(new Date(utc(m) + Number(a[0]) * 86400000));
    m.parts[0] = d.substring(0, 4);
    m.parts[1] = d.substring(4, 6);
    m.parts[2] = d.substring(6, 8);
    return dtm(m, 6);
  });
  var months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  var signs = /YYYY|YY|MMM|MM|DD|HH|mm|SS/g;
  each('reformat', function (s, a) {
    var names = [], form = a[0].replace(/[.*+?^${}()|\[\]\\]/g, '\\$&').replace(signs, function (p) {
      names.push(p);
      return p === 'YYYY' ? '(\\d{4})' : p === 'MMM' ? '([A-Za-z]{3})' : '(\\d\\d)';
    });
    var m = new RegExp('^' + form + '$').exec(s), is = {};
    if (!m) {
      return '';
    }
    names.forEach(function (p, i) { is[p] = m[i + 1]; });
    var year = is.YYYY || (is.YY ? (Number(is.YY) >= 69 ? '19' : '20') + is.YY : '0000');
    var month = is.MMM ? two(months.indexOf(is.MMM.charAt(0).toUpperCase() + is.MMM.substring(1).toLowerCase()) + 1) : is.MM || '01';
    if (Number(month) < 1 || Number(month) > 12 || Number(is.DD || 1) < 1 || Number(is.DD || 1) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) {
      return '';
    }
    var all = {YYYY: year, YY: year.substring(2), MMM: months[Number(month) - 1], MM: month, DD: is.DD || '01', HH: is.HH || '00', mm: is.mm || '00', SS: is.SS || '00'};
    return a[1].replace(signs, function (p) { return all[p]; });
  });

  // --- numbers ------------------------------------------------------------------------------------------------------
  function plainNumber(s) {
    s = s.trim().replace(/^\+/, '');
    var m = /^(-?)0*(\d*)(?:\.(\d*))?$/.exec(s);
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(s)) {
      return s;
    }
    return m && /\d/.test(s) ? m[1] + (m[2] || '0') + (m[3] ? '.' + m[3] : '') : '';
  }
  each('number', plainNumber);
  function counted(name, make) {
    each(name, function (s, a) {
      var x = s.trim() === '' ? NaN : Number(s);
      return isNaN(x) ? '' : String(make(x, a.length > 0 ? Number(a[0]) : 0));
    });
  }
  counted('round', function (x, d) { var p = Math.pow(10, d); return (x < 0 ? -1 : 1) * Math.round(Math.abs(x) * p) / p; });
  counted('add', function (x, y) { return x + y; });
  counted('multiply', function (x, y) { return x * y; });
  counted('integer', function (x) { return x < 0 ? Math.ceil(x) : Math.floor(x); });
  counted('absolute', Math.abs);

  // --- lists --------------------------------------------------------------------------------------------------------
  f.first = function (c, list) { return present(list).slice(0, 1); };
  f.last = function (c, list) { return present(list).slice(-1); };
  f.nth = function (c, list, a) { return present(list).slice(Number(a[0]) - 1, Number(a[0])); };
  f.count = function (c, list) { return [String(present(list).length)]; };
  f.distinct = function (c, list) {
    var seen = {};
    return present(list).filter(function (v) { var s = text(v), was = seen['=' + s]; seen['=' + s] = true; return !was; });
  };
  f.sort = function (c, list) { return present(list).sort(function (a, b) { return text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0; }); };
  f.reverse = function (c, list) { return present(list).reverse(); };
  f.join = function (c, list, a) { list = present(list); return list.length === 0 ? [] : [list.map(text).join(a[0])]; };
  f.split = function (c, list, a) { return [].concat.apply([], list.map(function (v) { return text(v).split(a[0]); })); };
  function summed(name, make) {
    f[name] = function (c, list) {
      list = present(list).map(function (v) { return Number(text(v)); });
      return list.length === 0 || list.some(isNaN) ? [] : [String(list.reduce(make))];
    };
  }
  summed('sum', function (a, b) { return a + b; });
  summed('min', function (a, b) { return Math.min(a, b); });
  summed('max', function (a, b) { return Math.max(a, b); });

  // --- identity -----------------------------------------------------------------------------------------------------
  f.uuid = function (c, list) { list = present(list); return list.length === 0 ? [] : [t.uuid([t.seed].concat(list.map(text)))]; };
  f.counter = function (c) { return [String(1 + (c.rep ? c.rep.n : c.at.index))]; };
  f.set_id = function (c) { return [String(1 + (c.rep ? c.rep.n : c.at.within))]; };
  f.reference = function (c, list, a) {
    function here(o) { // a loop of the rule at what the other stands at means that one only
      var rep = c.rep;
      return !rep || o.segment < 0 || c.segments[rep.segment].name !== c.segments[o.segment].name ||
        rep.segment === o.segment && (!rep.field || o.field !== rep.field || o.value.parts === rep.value.parts);
    }
    return t.turnsOf(a[0]).filter(function (o) { return t.belongs(c.at, o) && here(o); }).map(function (o) { return {reference: 'urn:uuid:' + o.id}; });
  };

  // --- data types ---------------------------------------------------------------------------------------------------

  // Parts gives the components of a value, or of text as its one component.
  function Parts(v) { this.parts = typeof v === 'string' ? [[v]] : v.parts || [[text(v)]]; this.real = typeof v !== 'string'; }
  Parts.prototype.text = function (n) {
    var s = this.parts[n - 1] ? this.parts[n - 1][0] || '' : '';
    return s === '""' ? '' : s;
  };
  Parts.prototype.sub = function (n) { return new Parts({parts: (this.parts[n - 1] || ['']).map(function (s) { return [s]; })}); };

  function typed(name, make) {
    f[name] = function (c, list) {
      var out = [];
      present(list).forEach(function (v) {
        var made = make(new Parts(v), c, v);
        if (made && Object.keys(made).length > 0) {
          out.push(made);
        }
      });
      return out;
    };
  }
  function some(list) { return list.filter(function (s) { return s !== ''; }); }
  function list(items) { items = items.filter(function (x) { return x && Object.keys(x).length > 0; }); return items.length > 0 ? items : null; }
  function words(items) { items = some(items); return items.length > 0 ? items : null; }
  function period(from, to) { return tidy({start: dateTime(from), end: dateTime(to)}); }

  // humanName reads XPN, or XCN, where the number comes first.
  function humanName(p, first, use) {
    var xcn = first === 2, at = xcn ? 19 : 12, dates = p.sub(xcn ? 17 : 10), from = p.text(at), to = p.text(at + 1);
    var n = tidy({use: known.nameUses[p.text(use)], family: p.text(first), given: words([p.text(first + 1), p.text(first + 2)]), prefix: words([p.text(first + 4)]),
      suffix: words([p.text(first + 3), p.text(first + 5), p.text(xcn ? 21 : 14)]), period: from || to ? period(from, to) : period(dates.text(1), dates.text(2))});
    return Object.keys(n).length === 1 && n.use ? null : n;
  }
  typed('human_name', function (p) { return humanName(p, 1, 7); });
  typed('xcn_name', function (p) { return humanName(p, 2, 10); });

  typed('address', function (p) {
    var kind = p.text(7), dates = p.sub(12), from = p.text(13), to = p.text(14);
    var n = tidy({use: known.addressUses[kind], type: known.addressTypes[kind], line: words([p.text(1), p.text(2), p.text(19)]), city: p.text(3), district: p.text(9), state: p.text(4),
      postalCode: p.text(5), country: p.text(6), period: from || to ? period(from, to) : period(dates.text(1), dates.text(2))});
    return Object.keys(n).some(function (k) { return k !== 'use' && k !== 'type' && k !== 'period'; }) ? n : null;
  });

  function phoneOf(p) {
    var local = p.text(7);
    if (p.text(12) || !local) {
      return p.text(12) || p.text(1);
    }
    local = /^\d{7}$/.test(local) ? local.substring(0, 3) + ' ' + local.substring(3) : local;
    return (p.text(5) ? '+' + p.text(5).replace(/^\+/, '') + ' ' : '') + (p.text(6) ? p.text(6) + ' ' : '') + local + (p.text(8) ? ' ext. ' + p.text(8) : '');
  }
  typed('contact_point', function (p) {
    var equipment = p.text(3), use = p.text(2), system = known.contactSystems[equipment] || (use === 'NET' ? 'email' : '');
    var number = system === 'email' ? p.text(4) || p.text(1) : '';
    number = number || phoneOf(p);
    if (!number) {
      return null;
    }
    var rank = plainNumber(p.text(18));
    return tidy({system: system || (number.indexOf('@') >= 0 ? 'email' : 'phone'), value: number, use: equipment === 'CP' ? 'mobile' : known.contactUses[use],
      rank: /^\d+$/.test(rank) && rank !== '0' ? Number(rank) : '', period: period(p.text(13), p.text(14))});
  });

  function concept203(code) { return code ? {coding: [{system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: code}]} : null; }
  function assigner(namespace) { return namespace && !identifierURI(namespace) ? {display: namespace} : null; }
  function authority(n, hd) {
    n.system = identifierURI(hd.text(2)) || identifierURI(hd.text(1));
    n.assigner = assigner(hd.text(1));
    return n;
  }
  typed('identifier', function (p) {
    return p.text(1) ? tidy(authority({type: concept203(p.text(5)), value: p.text(1), period: period(p.text(7), p.text(8))}, p.sub(4))) : null;
  });
  typed('xcn_identifier', function (p) { return p.text(1) ? tidy(authority({type: concept203(p.text(13)), value: p.text(1)}, p.sub(9))) : null; });
  typed('xon_identifier', function (p) {
    var id = p.text(10) || p.text(3);
    return id ? tidy(authority({type: concept203(p.text(7)), value: id}, p.sub(6))) : null;
  });
  typed('ei_identifier', function (p) {
    var system = identifierURI(p.text(3)) || identifierURI(p.text(2));
    return p.text(1) ? tidy({system: system, value: p.text(1), assigner: assigner(p.text(2))}) : null;
  });

  function coding(p, at) {
    if (!p.text(at)) {
      return null;
    }
    return tidy({system: systemURI(p.text(at + 2)) || systemURI(p.text(at === 4 ? 17 : 14)), version: p.text(at === 4 ? 8 : 7), code: p.text(at).trim().replace(/\s+/g, ' '), display: p.text(at + 1)});
  }
  function concept(p) { return tidy({coding: list([coding(p, 1), coding(p, 4)]), text: p.text(9) || (p.text(1) ? '' : p.text(2))}); }
  typed('concept_cwe', concept);
  typed('coding', function (p) { return coding(p, 1); });

  function quantity(number, unit) {
    var s = plainNumber(number);
    if (s === '') {
      return null;
    }
    var n = {value: Number(s)}, system = unit ? systemURI(unit.text(3)) : '';
    if (unit && (unit.text(2) || unit.text(1))) {
      n.unit = unit.text(2) || unit.text(1);
    }
    if (unit && unit.text(1) && system) {
      n.system = system;
      n.code = unit.text(1);
    }
    return n;
  }
  typed('quantity_cq', function (p) { return quantity(p.text(1), p.sub(2)); });
  typed('period_dr', function (p) { return period(p.text(1), p.text(2)); });
  typed('money', function (p, c, v) {
    var mo = !v.component && p.parts[0].length > 1 ? p.sub(1) : p, s = plainNumber(mo.text(1));
    return s === '' ? null : tidy({value: Number(s), currency: mo.text(2).length === 3 ? mo.text(2) : ''});
  });
  // What US Core makes of race and ethnicity: the categories of the Office of Management and Budget apart from the rest.
  function usCore(name, categories, letters, most) {
    f['us_core_' + name] = function (c, list) {
      var parts = [], named = [], count = 0;
      list.forEach(function (v) {
        var p = new Parts(v), code = p.text(1).trim();
        code = letters[code] || code;
        var words = p.text(2) || code, none = code === 'UNK' || code === 'ASKU';
        if (words === '') {
          return;
        }
        named.push(words);
        if (!none && !/^\d{4}-.$/.test(code)) {
          return;
        }
        var main = none || categories.indexOf(code) >= 0 && count < most;
        if (main && ++count > most) {
          return;
        }
        parts.push({url: main ? 'ombCategory' : 'detailed',
          valueCoding: {system: none ? 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor' : 'urn:oid:2.16.840.1.113883.6.238', code: code, display: words}});
      });
      return named.length === 0 ? [] : [{url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-' + name, extension: parts.concat({url: 'text', valueString: named.join(', ')})}];
    };
  }
  usCore('race', ['1002-5', '2028-9', '2054-5', '2076-8', '2106-3'], {}, 5);
  usCore('ethnicity', ['2135-2', '2186-5'], {H: '2135-2', N: '2186-5', NH: '2186-5', U: 'UNK'}, 1);

  function display(first) {
    return function (c, list) {
      return list.map(function (v) {
        var p = new Parts(v);
        return some([4, 1, 2, 0, 3].map(function (n) { return p.text(first + n); })).join(' ');
      });
    };
  }
  f.display_name = display(1);
  f.xcn_display = display(2);
  each('boolean', function (s) {
    s = s.trim().toUpperCase();
    return ['Y', 'YES', 'TRUE', 'T', '1'].indexOf(s) >= 0 ? 'true' : ['N', 'NO', 'FALSE', 'F', '0'].indexOf(s) >= 0 ? 'false' : '';
  });
  each('phone', function (s) {
    var m = /^1?([2-9]\d\d)([2-9]\d\d)(\d{4})$/.exec(s.replace(/[- ().+]/g, ''));
    return m ? '(' + m[1] + ') ' + m[2] + '-' + m[3] : s;
  });
  each('ssn', function (s) { var m = /^(\d{3})(\d\d)(\d{4})$/.exec(s.replace(/[- ]/g, '')); return m ? m[1] + '-' + m[2] + '-' + m[3] : ''; });
  each('zip', function (s) { var m = /^(\d{5})(\d{4})$/.exec(s.replace(/[- ]/g, '')); return m ? m[1] + '-' + m[2] : s; });

  // --- OBX-5 --------------------------------------------------------------------------------------------------------
  function field(c, v, n) { var reps = c.segments[v.segment].fields[n]; return new Parts({parts: reps ? reps[0] : [['']]}); }
  function whole(v) { return v.parts.map(function (subs) { return subs.join('&'); }).join('^'); }
  function value(kind, v) { return v === null || v === '' || typeof v === 'object' && Object.keys(v).length === 0 ? null : {kind: kind, value: v}; }
  function observed(kind, p, unit) {
    switch (kind) {
    case 'NM': case 'SI':
      return value('Quantity', quantity(p.text(1), unit));
    case 'SN':
      return structured(p, unit);
    case 'CWE': case 'CE': case 'CNE': case 'CF':
      return value('CodeableConcept', concept(p));
    case 'IS': case 'ID':
      return p.text(1) ? value('CodeableConcept', {coding: [{code: p.text(1)}]}) : null;
    case 'DT': case 'DTM': case 'TS':
      return value('DateTime', dateTime(p.text(1)));
    case 'TM':
      var m = moment('20000101' + p.text(1));
      return m && m.parts.length > 4 ? value('Time', m.parts[3] + ':' + m.parts[4] + ':' + (m.parts[5] || '00')) : null;
    case 'DR':
      return value('Period', period(p.text(1), p.text(2)));
    case 'NR':
      return value('Range', tidy({low: quantity(p.text(1), unit), high: quantity(p.text(2), unit)}));
    case 'CQ':
      return value('Quantity', quantity(p.text(1), p.sub(2)));
    }
    return null;
  }
  function structured(p, unit) {
    var sign = p.text(1), between = p.text(3), a = quantity(p.text(2), unit), b = quantity(p.text(4), unit);
    if (p.text(4) && (between === ':' || between === '/')) {
      return a && b ? value('Ratio', {numerator: a, denominator: quantity(p.text(4), null)}) : null;
    }
    if (p.text(4) && between === '-') {
      return a && b ? value('Range', {low: a, high: b}) : null;
    }
    if (p.text(4) || between || !a || ['<', '<=', '>', '>=', '', '='].indexOf(sign) < 0) {
      return null;
    }
    if (sign && sign !== '=') {
      a.comparator = sign;
    }
    return value('Quantity', a);
  }
  f.observation_value = function (c, list) {
    return present(list).filter(function (v) { return v.parts; }).map(function (v) {
      return observed(field(c, v, 2).text(1).trim().toUpperCase(), new Parts(v), field(c, v, 6)) || {kind: 'String', value: whole(v)};
    });
  };
  f.of_type = function (c, list, a) { return list.filter(function (v) { return v.parts && a.indexOf(field(c, v, 2).text(1)) >= 0; }); };
  f.following = function (c, list, a) {
    return list.filter(function (v) {
      var at = v.segment, own = v.parts ? c.segments[at].name : '';
      while (at > 0 && c.segments[at].name === own) {
        at--;
      }
      return v.parts && c.segments[at].name === a[0];
    });
  };

  // bytes are those of text in UTF-8.
  function bytes(s) {
    return unescape(encodeURIComponent(s)).split('').map(function (c) { return c.charCodeAt(0); });
  }
  var digits64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  function base64(list) {
    var out = '';
    for (var i = 0; i < list.length; i += 3) {
      var n = list[i] << 16 | (list[i + 1] || 0) << 8 | (list[i + 2] || 0);
      out += digits64.charAt(n >> 18) + digits64.charAt(n >> 12 & 63) + (i + 1 < list.length ? digits64.charAt(n >> 6 & 63) : '=') + (i + 2 < list.length ? digits64.charAt(n & 63) : '=');
    }
    return out;
  }
  function mediaType(kind, subtype) {
    var main = known.mediaTypes[kind.toUpperCase()];
    if (kind.indexOf('/') >= 0 || subtype.indexOf('/') >= 0) {
      return (kind.indexOf('/') >= 0 ? kind : subtype).toLowerCase();
    }
    return known.subtypes[subtype.toUpperCase()] || (main === 'text' && !subtype ? 'text/plain' : main && subtype ? main + '/' + subtype.toLowerCase() : '');
  }
  function attachment(kind, p, v) {
    switch (kind) {
    case 'ED':
      var data = p.text(5).replace(/\s+/g, ''), coded = p.text(4).toUpperCase();
      if (coded === 'HEX') {
        data = base64((data.match(/../g) || []).map(function (x) { return parseInt(x, 16); }));
      } else if (coded !== 'BASE64') {
        data = base64(bytes(p.text(5)));
      }
      return data ? tidy({contentType: mediaType(p.text(2), p.text(3)), data: data}) : null;
    case 'RP':
      var at = p.text(1), n = {contentType: mediaType(p.text(3), p.text(4))};
      n[at.indexOf(':') >= 0 ? 'url' : 'title'] = at;
      return tidy(n);
    }
    return tidy({contentType: 'text/plain', data: base64(bytes(whole(v)))});
  }
  f.attachment = function (c, list) {
    var out = [];
    present(list).forEach(function (v) {
      var made = v.parts ? attachment(field(c, v, 2).text(1).trim().toUpperCase(), new Parts(v), v) : null;
      if (made) {
        out.push(made);
      }
    });
    return out;
  };

  // --- encodings ----------------------------------------------------------------------------------------------------
  each('base64', function (s) { return base64(bytes(s)); });
  each('url_encode', function (s) { return encodeURIComponent(s).replace(/[!'()*]/g, function (c) { return '%' + c.charCodeAt(0).toString(16).toUpperCase(); }).replace(/%20/g, '+'); });
  each('xml_escape', function (s) { return s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;'); });
})(trestle);
