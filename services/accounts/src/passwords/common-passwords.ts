/** The most common passwords long enough to pass the other rules, in lower case. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  12345678 123456789 1234567890 0123456789 0987654321 87654321 987654321 11223344 12344321 12341234
  123123123 123321123 147258369 789456123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 zaq12wsx q1w2e3r4
  qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwertz123 qwertzui azertyui azertyuiop
  asdfghjk asdfghjkl asdf1234 zxcvbnm1 1234qwer qwer1234 abcd1234 abc12345 abcdefgh abcdefg1 a1b2c3d4
  aa123456 a1234567 a12345678 abc123456 password password1 password12 password123 password1234 passw0rd
  p@ssw0rd p@ssword pa55word passwort passwort1 password! password1! motdepasse contraseña changeme
  changeme1 changeme123 letmein1 letmein123 welcome1 welcome12 welcome123 trustno1 iloveyou iloveyou1
  sunshine sunshine1 princess princess1 football football1 baseball baseball1 basketball superman
  superman1 batman123 starwars pokemon1 dragon123 monkey123 shadow123 master123 michael1 jennifer
  michelle jessica1 charlie1 ashley123 computer internet samsung1 whatever liverpool chelsea1 arsenal1
  admin123 admin1234 admin12345 administrator administrator1 root1234 test1234 testtest guest123
  secret123 default1 bookshop bookshop1 colophon colophon1
  `
    .trim()
    .split(/\s+/),
)
