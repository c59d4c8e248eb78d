// What a Korean reader of the field expects to read, and what must not stand there.

/** Sentences that are the same in English and Korean: symbols and names. */
export const sameInBoth: ReadonlySet<string> = new Set<string>([]);

/** Words that a dictionary gives and the field does not use → the field's own. */
const wrongWords: readonly (readonly [wrong: RegExp, right: string])[] = [
  [/숨겨진 상태|숨은 상태|히든 상태|히든 스테이트/, '은닉 상태'],
  [/그라디언트|그래디언트|그레이디언트|구배|경사도/, '기울기'],
  [/(?:사라지는|사라진|소멸하는|소멸) ?기울기|기울기(?:의|가)? (?:소멸|사라)/, '기울기 소실'],
  [/(?:폭발하는|폭주하는) 기울기|기울기 (?:폭주|발산)/, '기울기 폭발'],
  [/전방 ?(?:향 )?(?:전파|패스)|앞으로 전파|포워드/, '순전파'],
  [/후방 ?(?:전파|패스)|역방향 전파|뒤로 전파|백워드|백프로파게이션|오류 역전파/, '역전파'],
  [/무게/, '가중치'],
  [/바이어스|치우침/, '편향'],
  [/분광 반지름|스펙트럴|스펙트럼 반경/, '스펙트럼 반지름'],
  [/특이 ?값|싱귤러/, '특잇값'],
  [/자코비안|자코비언|야코비 행렬/, '야코비안'],
  [/랴푸노프|리야프노프|라이프노프|리아프노프/, '리아푸노프 지수'],
  [/잘린 역전파|단축된 BPTT/, '절단 BPTT'],
  [/자르기 기울기|그래디언트 클리핑|기울기 자르기/, '기울기 클리핑'],
  [/고유 ?치/, '고윳값'],
  [/고유값/, '고윳값'],
  [/타임 ?스텝|시간 단계|시간 스텝/, '시점'],
  [/한 (?:시점|단계)(?:을|씩)? (?:뒤로|거슬러|되돌아)|한 스텝 (?:뒤로|거슬러)/, '한 스텝 되돌아갈 때마다'],
  [/재발|재귀 신경망|반복 신경망/, '순환'],
  // One that files are fetched from is 네트워크.
  [/네트워크(?! 없이|에서는 아무것도|도, 원격)/, '신경망'],
  [/신경망(?:가|를|는|로|와)(?![가-힣])/, '신경망이, 신경망을, 신경망은, 신경망으로, 신경망과'],
  [/훈련/, '학습'],
  [/순방향/, '정방향'],
  [/선형층/, '선형 층'],
  [/십시오/, '하세요: one tone for all'],
  [/(?:습|입)니까/, '하나요, 인가요: one tone for all'],
  [/[\d}] %/, '%, without a space before it'],
];

/** Particles that fit only some of the values a placeholder can have; `(은)는` or another sentence fits all. */
const brokenParticle = /\{\d+\}(?:은|는|이|가|을|를|과|와|으로|로)(?![가-힣(])/;

/** Why a Korean text would make a reader of the field stumble; empty when it would not. */
export const mistranslations = (told: string): string[] => [
  ...wrongWords.filter(([wrong]) => wrong.test(told)).map(([, right]) => `the field says ${right}`),
  ...(brokenParticle.test(told) ? ['the particle after the placeholder does not fit every value'] : []),
];
