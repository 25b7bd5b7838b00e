import type { Book } from '../../src/schemas.ts'
import type { CatalogHarness } from '../harness.ts'
import { addBook, isbnFrom } from './books.ts'

type Row = [title: string, by: string, language: string | null, year: number | null, more?: More]

interface More {
  subtitle?: string
  publisher?: string
  subjects?: string[]
  format?: string
  price?: number
  inStock?: boolean
  popularity?: number
}

const rows: Row[] = [
  ['Harry Potter and the Philosopher’s Stone', 'J. K. Rowling', 'eng', 1997, bloomsbury(4_602_479, 1299)],
  ['Harry Potter and the Chamber of Secrets', 'J. K. Rowling', 'eng', 1998, bloomsbury(1_779_331, 1299)],
  ['Harry Potter and the Prisoner of Azkaban', 'J. K. Rowling', 'eng', 1999, bloomsbury(1_832_823, 1399)],
  ['Harry Potter and the Goblet of Fire', 'J. K. Rowling', 'eng', 2000, bloomsbury(1_753_043, 1599)],
  ['Harry Potter à l’école des sorciers', 'J. K. Rowling', 'fre', 1998, { popularity: 900, price: 890 }],
  ['Harry Potter und der Stein der Weisen', 'J. K. Rowling', 'ger', 1998, { popularity: 800, price: 1499 }],
  ['The Cuckoo’s Calling', 'Robert Galbraith', 'eng', 2013, { popularity: 300_000, subjects: ['crime'] }],
  ['The Hobbit', 'J.R.R. Tolkien', 'eng', 1937, unwin(2_071_616, 999)],
  ['The Fellowship of the Ring', 'J.R.R. Tolkien', 'eng', 1954, unwin(1_766_803, 1199)],
  ['The Two Towers', 'J.R.R. Tolkien', 'eng', 1954, unwin(480_446, 1199)],
  ['The Return of the King', 'J.R.R. Tolkien', 'eng', 1955, unwin(463_959, 1199)],
  ['The Silmarillion', 'J.R.R. Tolkien', 'eng', 1977, { ...unwin(159_894, 1299), inStock: false }],
  ['The Hobbit', 'Chuck Dixon', 'eng', 1990, { format: 'paperback', popularity: 12, subjects: ['comics'] }],
  ['A Hobbit’s Travels', 'Nobody Known', 'eng', 2003, { popularity: 3_000_000 }],
  ['Corsairs of the Hobbit Sea', 'Ned Low', 'eng', 1980, { popularity: 2 }],
  ['On Middle-earth', 'Ned Low', 'eng', 1981, { popularity: 9_000_000, subjects: ['hobbit studies'] }],
  ['Catch-22', 'Joseph Heller', 'eng', 1961, { popularity: 597_000, price: 950, format: 'paperback' }],
  ['At Swim-Two-Birds', 'Flann O’Brien', 'eng', 1939, { popularity: 20_000, price: 900 }],
  [
    'The Things They Carried',
    "Tim O'Brien",
    'eng',
    1990,
    { popularity: 200_000, format: 'ebook', price: 700 },
  ],
  ['Pride and Prejudice', 'Jane Austen', 'eng', 1813, { popularity: 2_035_490, price: 500, format: 'ebook' }],
  ['Emma', 'Jane Austen', 'eng', 1815, { popularity: 519_000, price: 500, format: 'ebook' }],
  ['Emma', 'Alexander McCall Smith', 'eng', 2014, { popularity: 4000, subjects: ['retellings'] }],
  ['The Odyssey', 'Homer', 'eng', -750, { popularity: 670_000, publisher: 'Penguin Classics', price: 0 }],
  ['Οδύσσεια', 'Όμηρος', 'grc', -750, { popularity: 90, price: 1800 }],
  [
    'Die Verwandlung',
    'Franz Kafka',
    'ger',
    1915,
    { popularity: 50_000, price: 300, publisher: 'Kurt Wolff' },
  ],
  ['Der Prozess', 'Franz Kafka', 'ger', 1925, { popularity: 40_000, price: 1200, publisher: 'Die Schmiede' }],
  ['Das Schloß', 'Franz Kafka', 'ger', 1926, { popularity: 30_000, price: 1200, publisher: 'Kurt Wolff' }],
  ['L’Étranger', 'Albert Camus', 'fre', 1942, gallimard(70_000, 720)],
  ['La Peste', 'Albert Camus', 'fre', 1947, gallimard(60_000, 820)],
  ['Les Misérables', 'Victor Hugo', 'fre', 1862, { popularity: 600_000, price: 2200, format: 'hardback' }],
  ['À la recherche du temps perdu', 'Marcel Proust', 'fre', 1913, gallimard(10_000, 3500)],
  ['Cien años de soledad', 'Gabriel García Márquez', 'spa', 1967, { popularity: 500_000, price: 1100 }],
  ['El amor en los tiempos del cólera', 'Gabriel García Márquez', 'spa', 1985, { popularity: 300_000 }],
  ['La casa de los espíritus', 'Isabel Allende', 'spa', 1982, { popularity: 150_000, price: 1100 }],
  ['O Alquimista', 'Paulo Coelho', 'por', 1988, { popularity: 1_300_000, price: 800, format: 'paperback' }],
  ['Il nome della rosa', 'Umberto Eco', 'ita', 1980, { popularity: 220_000, price: 1300 }],
  ['De ontdekking van de hemel', 'Harry Mulisch', 'dut', 1992, { popularity: 15_000, price: 2000 }],
  ['Het Achterhuis', 'Anne Frank', 'dut', 1947, { popularity: 1_900_000, price: 900 }],
  ['En man som heter Ove', 'Fredrik Backman', 'swe', 2012, { popularity: 350_000, price: 1000 }],
  ['Az ajtó', 'Szabó Magda', 'hun', 1987, { popularity: 8000, price: 1500 }],
  ['R.U.R.', 'Karel Čapek', 'cze', 1920, { popularity: 7000, price: 600, subjects: ['robots'] }],
  ['Nesnesitelná lehkost bytí', 'Milan Kundera', 'cze', 1984, { popularity: 250_000, price: 1250 }],
  ['Solaris', 'Stanisław Lem', 'pol', 1961, { popularity: 45_000, subjects: ['science fiction'] }],
  ['Kongens fald', 'Johannes V. Jensen', 'dan', 1901, { popularity: 3000, publisher: 'Gyldendal' }],
  ['Sjálfstætt fólk', 'Halldór Laxness', 'ice', 1934, { popularity: 6000, publisher: 'Mál og menning' }],
  ['Kar', 'Orhan Pamuk', 'tur', 2002, { popularity: 30_000, publisher: 'İletişim' }],
  ['Война и мир', 'Лев Толстой', 'rus', 1869, { popularity: 180_000, price: 1700, subjects: ['history'] }],
  ['Преступление и наказание', 'Фёдор Достоевский', 'rus', 1866, { popularity: 400_000, price: 1400 }],
  ['Мастер и Маргарита', 'Михаил Булгаков', 'rus', 1967, { popularity: 160_000, price: 1350 }],
  ['雪国', '川端 康成', 'jpn', 1948, { popularity: 12_000, price: 600 }],
  ['ノルウェイの森', '村上 春樹', 'jpn', 1987, { popularity: 260_000, price: 700, subjects: ['小説'] }],
  ['三体', '刘慈欣', 'chi', 2008, { popularity: 100_000, price: 900, subjects: ['science fiction'] }],
  ['채식주의자', '한강', 'kor', 2007, { popularity: 90_000, price: 1000 }],
  ['ألف ليلة وليلة', 'Anonymous', 'ara', null, { popularity: 40_000 }],
  ['מיכאל שלי', 'עמוס עוז', 'heb', 1968, { popularity: 5000 }],
  [
    '1984',
    'George Orwell',
    'eng',
    1949,
    { popularity: 1_956_832, publisher: 'Secker & Warburg', price: 800 },
  ],
  ['Animal Farm', 'George Orwell', 'eng', 1945, { popularity: 1_881_700, publisher: 'Secker & Warburg' }],
  [
    '2001: A Space Odyssey',
    'Arthur C. Clarke',
    'eng',
    1968,
    { popularity: 200_000, subjects: ['science fiction'] },
  ],
  [
    'I, Robot',
    'Isaac Asimov',
    'eng',
    1950,
    { popularity: 210_000, price: 850, subjects: ['robots', 'science fiction'] },
  ],
  ['Robot Dreams', 'Isaac Asimov', 'eng', 1986, { popularity: 20_000, subjects: ['robots'] }],
  ['The Rest of the Robots', 'Isaac Asimov', 'eng', 1964, { popularity: 18_000, subjects: ['robots'] }],
  [
    'Do Androids Dream of Electric Sheep?',
    'Philip K. Dick',
    'eng',
    1968,
    { popularity: 230_000, subjects: ['robots'] },
  ],
  [
    'The Left Hand of Darkness',
    'Ursula K. Le Guin',
    'eng',
    1969,
    { popularity: 70_000, subjects: ['science fiction'] },
  ],
  [
    'A Wizard of Earthsea',
    'Ursula K. Le Guin',
    'eng',
    1968,
    { popularity: 140_000, subtitle: 'The Earthsea Cycle, 1' },
  ],
  [
    'The Tombs of Atuan',
    'Ursula K. Le Guin',
    'eng',
    1971,
    { popularity: 80_000, subtitle: 'The Earthsea Cycle, 2' },
  ],
  [
    'The Farthest Shore',
    'Ursula K. Le Guin',
    'eng',
    1972,
    { popularity: 70_000, subtitle: 'The Earthsea Cycle, 3' },
  ],
  [
    'Frankenstein',
    'Mary Shelley',
    'eng',
    1818,
    { popularity: 800_000, subtitle: 'or, The Modern Prometheus' },
  ],
  ['If on a winter’s night a traveler', 'Italo Calvino', 'eng', 1979, { popularity: 50_000, price: 1111 }],
  ['!!!', 'Chk Chk', 'eng', 2004, { popularity: 4, price: 100 }],
  ['!!!', 'Chk Chk Chk', 'eng', 2007, { popularity: 5 }],
  ['Untitled', 'Anonymous', null, null],
  ['A', 'Andy Warhol', 'eng', 1968, { popularity: 1, subtitle: 'A Novel' }],
  ['The', 'Nobody Known', 'eng', 2021, { popularity: 1, price: 100, inStock: true }],
]

function bloomsbury(popularity: number, price: number): More {
  return {
    popularity,
    price,
    publisher: 'Bloomsbury',
    subjects: ['fantasy'],
    format: 'hardback',
    inStock: true,
  }
}

function unwin(popularity: number, price: number): More {
  return {
    popularity,
    price,
    publisher: 'Allen & Unwin',
    subjects: ['fantasy'],
    format: 'paperback',
    inStock: true,
  }
}

function gallimard(popularity: number, price: number): More {
  return { popularity, price, publisher: 'Éditions Gallimard', format: 'paperback' }
}

/** Fills a shop with the library above, and gives its books as they are read. */
export async function openLibrary(shop: CatalogHarness): Promise<Book[]> {
  const books: Book[] = []
  for (const [index, [title, by, language, year, more = {}]] of rows.entries()) {
    const { publisher, subjects = [], price, ...rest } = more
    const body = {
      ...{ title, contributors: [{ name: by }], language, year, ...rest },
      isbn13: isbnFrom((index + 1) * 1_234_567),
      publisher: publisher === undefined ? null : { name: publisher },
      subjects: subjects.map((code) => ({ scheme: 'keyword', code })),
      price: price === undefined ? null : { amount: price, currency: 'EUR' },
    }
    books.push(await addBook(shop, body))
  }
  return books
}
