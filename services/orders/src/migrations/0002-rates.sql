-- Rates to begin with, to be checked by whoever sells: PUT /api/rates/tax and PUT /api/rates/shipping replace them.

-- How often each table was replaced, and by whom last.
create table orders.rate_tables (
  name text primary key check (name in ('tax', 'shipping')),
  version integer not null default 1,
  -- An account's id, or 'system'.
  actor text not null,
  updated_at timestamptz not null
);
insert into orders.rate_tables (name, actor, updated_at) values ('tax', 'system', now()), ('shipping', 'system', now());

-- Value added tax on books, e-books and audiobooks in hundredths of a per cent, as it stands at the beginning of 2026, by
-- the Commission's Taxes in Europe Database (https://ec.europa.eu/taxation_customs/tedb) and the countries' own acts for
-- the Union, HMRC notice 701/10 for GB, art. 25 MWSTG for CH, and chapter 6 of merverdiavgiftsloven for NO. Where it is
-- not certain that a reduced rate holds, it is the standard rate: too much tax can be given back.
--
-- A format of 'audiobook' may be a CD or a download; the rate is that of downloads where the two differ.
-- Sending is part of selling the goods, and has their rate: 'shipping' is the rate of books everywhere.
-- Countries without a row, such as US, have no tax: what is owed there depends on state and turnover.
insert into orders.tax_rates (country, kind, rate)
select country, kind, rate
from (values
  ('AT', 1000, 1000, 1000),
  -- Audiobooks: not certain.
  ('BE',  600,  600, 2100),
  -- Audiobooks: not certain.
  ('BG',  900,  900, 2000),
  -- Books and e-books: CH's reduced rate. Audiobooks: not certain.
  ('CH',  260,  260,  810),
  -- Audiobooks: not certain. E-books: not certain that they follow the 3 % of books.
  ('CY',  300, 1900, 1900),
  -- Exempt with deduction since 2024, audiobooks included (zákon o DPH, § 71i).
  ('CZ',    0,    0,    0),
  ('DE',  700,  700,  700),
  -- That 25 % is given up was announced in August 2025; from which day is not certain.
  ('DK', 2500, 2500, 2500),
  -- Audiobooks: not certain.
  ('EE',  900,  900, 2400),
  ('ES',  400,  400,  400),
  -- 14 % until the end of 2025.
  ('FI', 1350, 1350, 1350),
  ('FR',  550,  550,  550),
  ('GB',    0,    0, 2000),
  -- Audiobooks: not certain.
  ('GR',  600,  600, 2400),
  -- Audiobooks: not certain.
  ('HR',  500,  500, 2500),
  -- The reduced rate is for printed books alone.
  ('HU',  500, 2700, 2700),
  -- 0 % for e-books and audiobooks too since 2024.
  ('IE',    0,    0,    0),
  -- Whatever the medium, with an ISBN (legge 190/2014, art. 1 c. 667).
  ('IT',  400,  400,  400),
  -- 5 % in place of 9 % since 2026. Audiobooks: not certain.
  ('LT',  500,  500, 2100),
  -- Audiobooks: not certain.
  ('LU',  300,  300, 1700),
  -- Since 2026 for languages of the EU, EEA, OECD and its candidates alone, others 21 %. Audiobooks: not certain.
  ('LV',  500,  500, 2100),
  -- Audiobooks: not certain.
  ('MT',  500,  500, 1800),
  ('NL',  900,  900,  900),
  -- Audiobooks: as editions of a book that there is in print too.
  ('NO',    0,    0,    0),
  ('PL',  500,  500,  500),
  -- The mainland. Audiobooks: not certain.
  ('PT',  600,  600, 2300),
  -- Since August 2025. Audiobooks: not certain.
  ('RO', 1100, 1100, 2100),
  ('SE',  600,  600,  600),
  -- Audiobooks: not certain.
  ('SI',  500,  500, 2200),
  -- Since 2025, e-books and audiobooks included.
  ('SK',  500,  500,  500)
) as rates (country, book, ebook, audiobook)
cross join lateral (values ('book', book), ('ebook', ebook), ('audiobook', audiobook), ('shipping', book))
  as kinds (kind, rate);

-- Prices such as parcel services have, in minor units of EUR with tax, for parcels of up to 1 kg, 5 kg and 31.5 kg.
-- A shop that sells in another currency replaces them.
insert into orders.shipping_rates (country, method, up_to_grams, price)
select country, method, up_to_grams, price
from (values
  ('DE', 'standard',  295,  495,   995),
  ('DE', 'express',  1190, 1490,  2990),
  ('AT', 'standard',  495,  895,  1795),
  ('AT', 'express',  1990, 2490,  4990),
  ('EU', 'standard',  795, 1395,  2995),
  ('EU', 'express',  2490, 3490,  7490),
  ('*',  'standard', 1495, 3495,  8995),
  ('*',  'express',  4490, 7990, 19990)
) as zones (zone, method, small, medium, large)
cross join lateral (
  select unnest(array['BE', 'BG', 'CY', 'CZ', 'DK', 'EE', 'ES', 'FI', 'FR', 'GR', 'HR', 'HU', 'IE', 'IT', 'LT', 'LU',
    'LV', 'MT', 'NL', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK']) where zone = 'EU'
  union all select zone where zone <> 'EU'
) as countries (country)
cross join lateral (values (1000, small), (5000, medium), (31500, large)) as prices (up_to_grams, price);
