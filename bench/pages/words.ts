/** What a page says of an attack beyond its registry entry: written by hand. */
export interface Words {
  /** What is solved, in the paper's notation. */
  equation: string;
  /** Passes for an image; a gradient or a product is two, forward and back. */
  cost: string;
  when: string;
}

export interface Family {
  /** Name of the page. */
  file: string;
  title: string;
  intro: string;
  attacks: Record<string, Words>;
  /** What follows the attacks. */
  more?: string;
}

export const FAMILIES: Family[] = [
  {
    file: 'gradient-steps',
    title: 'Gradient steps within a budget',
    intro:
      'They seek any success with ‖δ‖_p ≤ ε. g is the gradient of the loss with respect to the pixels, P the exact projection onto ball and box [0,1] together.',
    attacks: {
      fgsm: {
        equation: 'δ = argmin { g·δ : ‖δ‖_p ≤ ε, 0 ≤ x + δ ≤ 1 },   l∞: δ = -ε sign(g)',
        cost: '3',
        when: 'A first look at thousands of images, or as the yardstick that stronger attacks are measured by. A picture that it leaves standing says little.',
      },
      bim: {
        equation: 'δ ← P(δ - α · steepest(g)), from δ = 0',
        cost: '2 · steps + 1; fewer where it succeeds early',
        when: 'Where a run without randomness is wanted, or to repeat published figures. Otherwise take PGD.',
      },
      pgd: {
        equation: 'δ ← P(δ - α_i · steepest(g)), from a random point of the ball, α_i falling by a cosine',
        cost: '(2 · steps + 1) · restarts; fewer where it succeeds early',
        when: 'The usual test of robust accuracy at one ε under l1, l2, l∞. Give it restarts for the figures of a report; beside it, FMN or DDN sees what it overlooks.',
      },
      apgd: {
        equation:
          'z = P(δ_k - s · steepest(g)),  δ_{k+1} = P(δ_k + α (z - δ_k) + (1-α)(δ_k - δ_{k-1}));  at checkpoints s ← s/2 and back to the best point, where the loss has hardly fallen. l1: no momentum, a step moves as many features as the best point says',
        cost: '(2 · steps + 1) · restarts, under l1 (2 · steps + 3) · restarts; fewer where it succeeds early',
        when: 'In place of PGD where a figure at one ε counts: on training images of three networks it broke as many in as many passes under l∞, some more under l2, half as many again under l1. The losses fail in different ways: of a report, run two of them.',
      },
      'apgd-targeted': {
        equation: 'APGD towards class after class, k_1, k_2, …, by |L_k| / ‖∇L_k‖_q at the clean image: the smallest first',
        cost: '2 · candidates (at most the other classes) + (2 · steps + 1) · targets · restarts; under l1 (2 · steps + 3)',
        when: 'After APGD, on what it left standing, for the figures of a report: descent from the own class runs after the class that looks nearest, and another may be the one that ε reaches.',
      },
      pma: {
        equation:
          'δ ← P(δ ± α_i · steepest(g)), g of log p_y or of log max_{k≠y} p_k for N/2 steps, then of p_y - max_{k≠y} p_k; α_i from 2 ε down by a cosine in each half',
        cost: '(2 · steps + 1) · rounds; fewer where it succeeds early',
        when: 'Beside APGD under l2 and l∞: on training digits one round broke a few more images under l∞ than APGD did in as many passes, of CIFAR-10 the same ones.',
      },
    },
  },
  {
    file: 'minimum-norm',
    title: 'Smallest change',
    intro:
      'They seek the success with the smallest ‖δ‖_p, so one run serves every budget. L is the margin, g its gradient. A goal on an output is attacked by the same code: its margin is τ minus the root mean square distance from the reference.',
    attacks: {
      ddn: {
        equation: 'δ ← δ - α ε g/‖g‖₂;  ε ← (1 ∓ γ) ε after a success or a failure;  δ ← ε δ/‖δ‖₂',
        cost: '2 · (rivals + steps) + settle',
        when: 'The first choice under l2: reliable and quick.',
      },
      fmn: {
        equation: 'δ ← Π_ε(δ - α g/‖g‖₂), the radius ε following the estimated distance |L| / ‖g‖_q to the boundary',
        cost: '2 · (rivals + steps) + finish',
        when: 'Any of the four norms; the first choice under l1 and l∞, and the second opinion under l0 and l2. Under l∞ with direction signs, which finds less on robust networks.',
      },
      'apgd-minimal': {
        equation: 'min ε : APGD succeeds in ‖δ‖_p ≤ ε; a success at δ bounds ε by ‖δ‖_p from above, all steps without one from below',
        cost: '2 · (rivals + steps · searches) + searches + finish',
        when: 'Beside FMN under l1, l2 and l∞, where passes do not count: it chooses its own step size.',
      },
      deepfool: {
        equation: 'l = argmin_k |L_k| / ‖∇L_k‖_q;  r = -|L_l| / ‖∇L_l‖_q · u;  δ ← δ + (1 + o) r',
        cost: '2 · rivals for each step until the class changes, + finish',
        when: 'Quick upper bounds, and figures to hold beside published ones. Seldom the smallest change.',
      },
      'linear-minimum': {
        equation: 'η = argmin { ‖η‖_p : L + ∇L·η ≤ 0, 0 ≤ x + η ≤ 1 }, repeated; then the same from the boundary point for the whole η',
        cost: '2 · rivals for each step until the class changes, + 5 · rounds + 2 · finish',
        when: 'Nearly linear models, where it is exact, and small budgets of queries. An independent check of DDN and FMN.',
      },
      pdpgd: {
        equation: 'δ ← prox_{η (λ₀/λ₁) ‖·‖_p} (δ - η m̂/H) in Adam’s metric H;  log(λ₁/λ₀) ← log(λ₁/λ₀) ± θ by the sign of L',
        cost: '2 · (rivals + steps) + finish + 1',
        when: 'A second opinion under l1, with 500 steps or more; the second opinion beside σ-zero under l0, and an attack of another kind than all others under l2 and l∞.',
      },
      pdgd: {
        equation: 'Adam on λ₀ ‖δ‖₂ + λ₁ softplus(L);  log(λ₁/λ₀) ← log(λ₁/λ₀) ± θ by the sign of L',
        cost: '2 · (rivals + steps) + settle + 1',
        when: 'A second opinion beside DDN under l2: it needs no projection, and fails differently.',
      },
      alma: {
        equation: 'RMSProp with momentum on ‖δ‖_p + P(g, ρ, μ), g the margin over the spread of the logits;  μ ← α μ + (1 - α) ∂P/∂g',
        cost: '2 · steps + settle + 1',
        when: 'Under l1 beside FMN, above all on robust networks, where it finds the least of all; under l2 a second opinion beside DDN.',
      },
      ead: {
        equation: 'FISTA on c max(L, 0) + ‖δ‖₂² + β ‖δ‖₁, c by bisection; the success of least l1',
        cost: 'at most 2 · steps · searches + searches + settle; descents end early',
        when: 'To repeat published figures under l1. PDPGD finds smaller changes in fewer passes.',
      },
      'carlini-wagner': {
        equation: 'x + δ = (1 + tanh w)/2;  Adam on ‖δ‖₂² + c max(L, 0), l∞: Σ max(|δ_j| - τ, 0) + c max(L, 0);  c, τ by search',
        cost: 'l2 at most 2 · steps · searches; l∞ at most 2 · steps for each τ and each c, some 75 of them; descents end early',
        when: 'To repeat published figures under l2 and l∞, and where nothing but the optimiser shall differ from them. DDN and FMN find smaller changes in far fewer passes.',
      },
      fab: {
        equation:
          'x_{i+1} = clip((1 - a)(x_i + η d₁) + a (x + η d₂)), d₁ and d₂ the moves of point and image onto the nearest linearised boundary, exact in the box',
        cost: '2 · rivals + 1 for each step, with targets 3 · targets; + settle',
        when: 'A second opinion under l1, l2 and l∞ that needs no step size. With targets it pays for one class at a time, and under l1 it then finds the nearest one.',
      },
      'super-deepfool': {
        equation: 'δ̃ = DeepFool(x + δ);  w = ∇L(x + δ̃) / ‖∇L(x + δ̃)‖₂;  δ ← δ + (δ̃·w) w',
        cost: '2 · rivals for each step of DeepFool, + 4 for each projection, + settle; it ends early, after a hundred or two on ordinary networks',
        when: 'Quick upper bounds under l2, smaller than DeepFool’s where the boundary is flat. On robust networks of digits it takes thousands of passes for less than DDN finds.',
      },
      'trust-region': {
        equation:
          'δ ← δ - (min(|L| / ‖∇L‖_q, ε) + 1e-4) · 1.02 · u;  ε ← 1.2 ε or ε / 1.2 by how well the linearisation foretold the last step',
        cost: '2 · (rivals + steps) + settle + 2; it ends with the first success',
        when: 'Quick upper bounds under l2 and l∞ for a hundred passes or fewer. Under l2 it may stay in its class on robust networks, and says nothing then.',
      },
    },
  },
  {
    file: 'sparse',
    title: 'Few pixels, few areas',
    intro:
      'They bound or minimise how many values, pixels or subsets of a partition change, ‖η‖_0, or ‖η‖_{0,S}. Partitions: pixel, value, colour plane, block, row, column, superpixel (SLIC, Achanta et al. 2012, computed for each picture), or your own mask.',
    attacks: {
      'sigma-zero': {
        equation: 'min max(0, L) + (1/d) Σ_j δ_j² / (δ_j² + σ), by Adam on the gradient over its l∞ norm, with an adaptive threshold τ',
        cost: 'at most 2 · (steps · restarts + rivals), a step of an image that is adversarial being one; + polish',
        when: 'The fewest changed values or pixels: the first choice under l0 and l0Pixels. 100 steps for a look, 1000 for a report.',
      },
      subset: {
        equation:
          's* = argmax_s Σ_{j ∈ S_s} |∇L_j| min(ε, r_j), moved to the edge of ball or box; linearised anew, never the same subset again',
        cost: '2 · rivals for each linearisation; one for each subset that is added (perStep: several)',
        when: 'Questions about places: a single pixel, one patch, a row of a faulty sensor, an area that an attacker can reach. For the fewest pixels take σ-zero.',
      },
    },
  },
  {
    file: 'closed-forms',
    title: 'Closed forms, and noise',
    intro:
      'The framework of Balda, Behboodi and Mathar (arXiv 1812.07385): the loss linearised, and the maximum over the ball by Hölder’s equality. With the right loss, steps and dither it is FGSM, BIM or PGD (their Table 2).',
    attacks: {
      gnm: {
        equation: 'η ← η + argmin { ∇L(η̃)·s : ‖s‖_p ≤ ε_t },  η̃ = η + random(ε̃_t),  Σ ε_t = ε',
        cost: '2 · rivals · steps + 1 (loss margin; others 2 · steps + 1)',
        when: 'Within ε with few passes; to repeat the paper. It looks at every rival class, so one step already succeeds where FGSM follows the wrong one.',
      },
      'gnm-simple': {
        equation: 'η = argmin { ∇f_y·η : ‖η‖_p ≤ ε }',
        cost: '2 · steps + 1',
        when: 'Models with so many classes that looking at rivals is too dear.',
      },
      random: {
        equation: 'η = ε w/‖w‖₂ (l2), random signs (l∞), ⌊ε⌋ random values at the ends of the box (l0)',
        cost: 'draws',
        when: 'Always, once: what breaks under noise needs no attacker, and an attack that is no better than noise is broken itself.',
      },
    },
  },
  {
    file: 'outputs',
    title: 'Networks that put out pictures or vectors',
    intro: `Goals of deviation on an output f(x): as far from a reference y as ε lets it. Two roads (Balda et al., sections 3 to 5):

- **linear** (16): every attack of the other pages, on the root mean square distance of f(x + η) from y. Where y is the clean output itself that distance has a kink at η = 0 and no gradient; the gradient is then taken at a random point half a grey level away (their dithering, eq. 10), so that the first step is one of a power iteration on J'J. No option is needed.
- **quadratic** (13): the attacks below, which see the whole Jacobian J by its products Jv and J'u and never store it.`,
    attacks: {
      quadratic: {
        equation: 'max ‖r + J(η - η̃)‖₂² : ‖η‖_p ≤ ε, 0 ≤ x + η ≤ 1, with r = f(x + η̃) - y;  η̃ = 0, r = 0: max ‖Jη‖₂²',
        cost: 'first linearisation: 4 · lanczos + 4 · power · (2 · directions + restarts + 1) at most, + tries; or, written out, 2 · min(M, D) instead. Each further step at most 4 · power + 6',
        when: 'The first choice for outputs under l2 and l∞, and small budgets above all, where the network is nearly linear and the linear road depends on its random first direction. At large ε more steps matter more than the exact first one.',
      },
      'quadratic-subset': {
        equation:
          's* = argmax_s max { ‖r + J_S ρ‖₂² : every ρ_j at an end }, (19) to (21), corners by exhaustion, or the greedy rule (20) and exchange',
        cost: 'for each subset that is added 2 · (probes + candidates · features of a subset) + 6',
        when: 'A few pixels or areas of a network with pictures as output. Costs ten to twenty times the linear subset attack and is seldom far better from the second subset on: take it for single subsets, and for l0 of a few.',
      },
    },
    more: `## Where an image is vulnerable

\`hairline map MODEL IMAGE\` tells for each subset of a partition how far changing it alone, within ε, moves what the model says: by first
order from one gradient (eq. 23), for outputs by the lengths of the Jacobian's columns, sqrt(Σ_S ‖J_j‖² d_j² / D), exact or by random
probes, and for the most promising ones what the network really does: for a classifier every corner of a subset of at most three values
is tried, and of larger ones the signs of the gradient. Values as JSON or CSV, a heat map as PNG, and the picture attacked in its
best subset. The window draws the same over the picture (Map, Ctrl+8): a click attacks what lies there, and a selection becomes the
mask of the next audit.

## Measured

\`npm run bench -- regression\` draws the panels of the paper's figure 4: output against input PSNR, mean of ten test digits, for a
published autoencoder of MNIST (784 values in and out, four layers with sigmoids), against its clean output. Values are in
\`../figures/regression.csv\`.

![l∞](../figures/regression-linf.svg)

![l2](../figures/regression-l2.svg)

![1 pixel](../figures/regression-1-pixel.svg)

![20 pixels](../figures/regression-20-pixels.svg)

Output PSNR in dB, in the middle of each panel (input PSNR in brackets; random noise loses half its length to the box on black pixels):

| | random | linear-1 | linear-20 | quadratic | quadratic-10 |
|---|---|---|---|---|---|
| l2, ε = 0.5 | 43.1 (37.6) | 28.6 (35.0) | 27.9 (35.1) | 27.8 (35.0) | 27.4 (35.0) |
| l2, ε = 2 | 30.9 (25.6) | 18.7 (22.9) | 17.5 (23.4) | 18.7 (22.9) | 17.3 (23.0) |
| l∞, ε = 0.02 | 41.4 (36.5) | 31.5 (35.4) | 31.0 (35.7) | 31.0 (35.6) | 30.9 (35.5) |
| l∞, ε = 0.1 | 26.3 (22.6) | 18.8 (21.6) | 17.9 (22.2) | 18.9 (21.7) | 17.2 (21.5) |

| pixels, ε = 0.5 | random | linear | quadratic |
|---|---|---|---|
| 1 | 47.3 (35.0) | 39.5 (35.0) | 37.9 (35.0) |
| 20 | 34.0 (24.8) | 19.9 (22.0) | 19.9 (22.0) |

The order is the paper's: every attack lies far below noise, iterations help, and the one-shot quadratic problem keeps up with twenty linear
steps while ε is small and with one when it is large. Its iterated form, which the paper leaves open, is the strongest at most ε. For
a single pixel the columns find one that is 1.6 to 2.5 dB more effective than the gradient's; for twenty both come to the same, the linear attack at a
fortieth of the passes.`,
  },
  {
    file: 'presets',
    title: 'Presets',
    intro:
      'Attacks one after another, to a plan one attack like any other. Each of them goes on with the images and budgets where there is still something to find: a fixed-budget attack with the images that no picture within ε breaks yet, a minimum-norm one with those whose change could be smaller. Of every image the nearest float and the nearest picture are kept, and results say which attack found the picture.',
    attacks: {
      quick: {
        equation: 'the first attack of each norm in few steps',
        cost: 'a few hundred; command line and window say how many before the start',
        when: 'To see within minutes what a model is like. Not for a figure that somebody signs.',
      },
      standard: {
        equation: 'min over attacks of ‖δ‖_p, image by image',
        cost: 'one to two thousand; command line and window say how many before the start',
        when: 'For the figures of a report: one attack alone overlooks what another finds. Under l0 it holds the published recipe of σ-zero, so it is on no image worse than that.',
      },
    },
  },
];
