"""A schema of everything that makes reading one hard, in the words of each database."""

from __future__ import annotations

SHARED = [
    "CREATE TABLE people (id INTEGER PRIMARY KEY {count}, first_name VARCHAR(40) NOT NULL,"
    " last_name VARCHAR(40), email VARCHAR(80) UNIQUE)",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY {count}, subject VARCHAR(80) NOT NULL,"
    " sender_id INTEGER NOT NULL, recipient_id INTEGER, parent_id INTEGER,"
    " FOREIGN KEY (sender_id) REFERENCES people (id),"
    " FOREIGN KEY (recipient_id) REFERENCES people (id),"
    " FOREIGN KEY (parent_id) REFERENCES messages (id))",
    "CREATE TABLE profiles (person_id INTEGER PRIMARY KEY, about VARCHAR(200),"
    " FOREIGN KEY (person_id) REFERENCES people (id))",
    "CREATE TABLE groups_ (id INTEGER PRIMARY KEY {count}, name VARCHAR(40) NOT NULL)",
    "CREATE TABLE membership (person_id INTEGER NOT NULL, group_id INTEGER NOT NULL,"
    " PRIMARY KEY (person_id, group_id), FOREIGN KEY (person_id) REFERENCES people (id),"
    " FOREIGN KEY (group_id) REFERENCES groups_ (id))",
    "CREATE TABLE follows (follower_id INTEGER NOT NULL, followed_id INTEGER NOT NULL,"
    " FOREIGN KEY (follower_id) REFERENCES people (id),"
    " FOREIGN KEY (followed_id) REFERENCES people (id))",
    "CREATE TABLE order_lines (order_no INTEGER NOT NULL, place INTEGER NOT NULL,"
    " price NUMERIC(10, 2) DEFAULT 1.5, PRIMARY KEY (order_no, place))",
    "CREATE TABLE returns (id INTEGER PRIMARY KEY {count}, order_no INTEGER NOT NULL,"
    " place INTEGER NOT NULL, replaced_by INTEGER,"
    " FOREIGN KEY (order_no, place) REFERENCES order_lines (order_no, place),"
    " FOREIGN KEY (order_no, replaced_by) REFERENCES order_lines (order_no, place))",
    "CREATE TABLE keyless (note VARCHAR(20))",
    "CREATE TABLE by_code (code VARCHAR(10) NOT NULL UNIQUE, note VARCHAR(20))",
    "CREATE TABLE {q}2 odd table!{q} ({q}class{q} INTEGER PRIMARY KEY, {q}2nd{q} INTEGER,"
    " {q}metadata{q} VARCHAR(20), {q}where{q} VARCHAR(20), {q}get{q} INTEGER,"
    " {q}a b{q} VARCHAR(20), {q}a_b{q} VARCHAR(20), {q}a__b{q} VARCHAR(20),"
    " {q}Größe{q} INTEGER, {q}_private{q} INTEGER, {q}type{q} VARCHAR(9), {q}100%{q} INTEGER,"
    " {q}a:b{q} INTEGER, {q}a(b){q} INTEGER)",
    "CREATE TABLE sums (id INTEGER PRIMARY KEY {count}, one INTEGER NOT NULL DEFAULT 2,"
    " twice INTEGER GENERATED ALWAYS AS (one * 2) STORED)",
    "CREATE VIEW names AS SELECT id, first_name, last_name FROM people",
    "INSERT INTO people (first_name, last_name, email) VALUES ('Ann', 'Ash', 'ann@example.org'),"
    " ('Bob', NULL, NULL), ('Cid', 'Cox', NULL)",
    "INSERT INTO messages (subject, sender_id, recipient_id, parent_id)"
    " VALUES ('Hello', 1, 2, NULL), ('Re: Hello', 2, 1, 1)",
    "INSERT INTO profiles (person_id, about) VALUES (1, 'tea')",
    "INSERT INTO groups_ (name) VALUES ('choir'), ('chess')",
    "INSERT INTO membership (person_id, group_id) VALUES (1, 1), (1, 2), (2, 2)",
    "INSERT INTO follows (follower_id, followed_id) VALUES (1, 2), (3, 2)",
    "INSERT INTO order_lines (order_no, place) VALUES (1, 1), (1, 2)",
    "INSERT INTO returns (order_no, place, replaced_by) VALUES (1, 1, 2)",
    "INSERT INTO by_code (code, note) VALUES ('x', 'one')",
    "INSERT INTO {q}2 odd table!{q} ({q}class{q}, {q}2nd{q}, {q}metadata{q}, {q}where{q},"
    " {q}a b{q}, {q}a_b{q}, {q}a__b{q}) VALUES (1, 2, 'm', 'w', 'one', 'two', 'three')",
]

POSTGRES = [
    "CREATE TYPE mood AS ENUM ('glad', 'so so')",
    "CREATE TYPE pair AS (a integer, b text)",
    "CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100)",
    "CREATE TABLE kinds (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, feeling mood,"
    " feelings mood[], data jsonb, old_data json, tags text[], grid integer[][], key uuid,"
    " amount numeric(12, 3), free_amount numeric, raw bytea, day date, at_zone timestamptz,"
    " at_local timestamp, clock time, length interval, address inet, net cidr, span int4range,"
    " words tsvector, place point, both_ pair, share percent, flag boolean, ratio double precision,"
    " bits bit(3), cash money, mac macaddr, addresses inet[], name_ name, doc xml, ids uuid[])",
    "INSERT INTO kinds (feeling, feelings, data, old_data, tags, grid, key, amount, free_amount,"
    " raw, day, at_zone, at_local, clock, length, address, net, span, words, place, both_, share,"
    " flag, ratio, bits, cash, mac, addresses, name_, doc, ids)"
    " VALUES ('so so', '{{glad}}', '[1]', '{{\"a\": 1}}', '{{x,y}}', '{{{{1,2}},{{3,4}}}}',"
    " '00000000-0000-0000-0000-000000000001', 1.5, 2.25, 'ab', '2024-02-29',"
    " '2024-02-29 12:00+02', '2024-02-29 12:00', '12:30', '1 day', '10.0.0.1', '10.0.0.0/8',"
    " '[1,5)', 'a b'::tsvector, '(1,2)', '(1,x)', 50, true, 0.5, B'101', 3, '08:00:2b:01:02:03',"
    " '{{10.0.0.1}}', 'n', '<a/>', '{{00000000-0000-0000-0000-000000000001}}')",
    "INSERT INTO kinds DEFAULT VALUES",
    "COMMENT ON TABLE kinds IS 'All that there is.'",
    "COMMENT ON COLUMN kinds.feeling IS 'How one feels'",
    "CREATE SCHEMA sales",
    "CREATE TABLE sales.people (id serial PRIMARY KEY, boss_id integer REFERENCES people (id))",
]

MARIADB = [
    "CREATE TABLE kinds (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,"
    " feeling ENUM('glad', 'so so') COMMENT 'How one feels', feelings SET('a', 'b'), data JSON,"
    " amount DECIMAL(12, 3), raw BLOB, day DATE, at_local DATETIME(6), changed TIMESTAMP NOT NULL"
    " DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, clock TIME, year_ YEAR, flag BOOLEAN,"
    " small TINYINT, bits BIT(3), place POINT, ratio DOUBLE, text_ LONGTEXT, address INET6,"
    " key_ UUID) COMMENT 'All that there is.'",
    "INSERT INTO kinds (feeling, feelings, data, amount, raw, day, at_local, clock, year_, flag,"
    " small, bits, place, ratio, text_, address, key_) VALUES ('so so', 'a,b', '[1]', 1.5, 'ab',"
    " '2024-02-29', '2024-02-29 12:00', '12:30', 2024, 1, 7, b'101', ST_GeomFromText('POINT(1 2)'),"
    " 0.5, 'long', '::1', '00000000-0000-0000-0000-000000000001')",
    "INSERT INTO kinds () VALUES ()",
]

SQLITE = [
    "CREATE TABLE kinds (id INTEGER PRIMARY KEY, anything, key UUID, data JSON,"
    " amount DECIMAL(9,2), at_local DATETIME, stamp TIMESTAMP, day DATE, clock TIME, flag BOOLEAN,"
    " raw BLOB, odd STRANGE_TYPE, number INT, label NVARCHAR(20), price MONEY)",
    "INSERT INTO kinds VALUES (1, 5, '00000000-0000-0000-0000-000000000001', '[1]', 1.5,"
    " '2024-02-29 12:00:00', '2024-02-29T12:00:00', '2024-02-29', '12:30:00', 1, x'6162',"
    " 'strange', 1, 'x', 3.5)",
    "INSERT INTO kinds VALUES (2, 'five', 'none', 'no json', 'much', 1709208000, 'yesterday',"
    " '29.2.2024', 'noon', 'maybe', 'text', 7, 'many', x'ff', 'dear')",
    "INSERT INTO kinds (id) VALUES (3)",
    "CREATE TABLE orphans (id INTEGER PRIMARY KEY, gone_id INTEGER REFERENCES gone (id),"
    " lost_id INTEGER REFERENCES text_keys (missing))",
    "CREATE TABLE text_keys (id TEXT PRIMARY KEY, note TEXT) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE search USING fts5(body)",
]

_COUNTS = {
    "sqlite": "",
    "postgresql": "GENERATED BY DEFAULT AS IDENTITY",
    "mariadb": "AUTO_INCREMENT",
}
_OWN = {"sqlite": SQLITE, "postgresql": POSTGRES, "mariadb": MARIADB}


def statements(kind: str) -> list[str]:
    """Give all that makes the schema and its rows on a kind of database."""
    quote = "`" if kind == "mariadb" else '"'
    return [one.format(count=_COUNTS[kind], q=quote) for one in [*SHARED, *_OWN[kind]]]
