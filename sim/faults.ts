import type { HostSeat, Simulation } from './simulation.ts';
import { simTimings } from './timings.ts';

/** How often, in milliseconds of virtual time, something goes wrong. */
export interface FaultTraits {
  readonly everyMs: { readonly least: number; readonly most: number };
}

/** Everything that goes wrong, at times that the seed chooses. All of it heals by itself. */
export class Faults {
  readonly #simulation: Simulation;
  readonly #traits: FaultTraits;
  #isOver = false;

  constructor(simulation: Simulation, traits: FaultTraits) {
    this.#simulation = simulation;
    this.#traits = traits;
    this.#next();
  }

  /** Nothing more goes wrong, and what is wrong is put right. */
  stop(): void {
    this.#isOver = true;
    const { network, hosts, schedulers } = this.#simulation;
    network.healAll();
    for (const { process } of [...schedulers, ...hosts]) process?.spare();
    for (const seat of schedulers) this.#simulation.startScheduler(seat);
    for (const seat of hosts) {
      this.#simulation.powerOn(seat);
      this.#simulation.startAgent(seat);
    }
  }

  #next(): void {
    const { world } = this.#simulation;
    const { least, most } = this.#traits.everyMs;
    world.after(world.random.between(least, most), () => {
      if (this.#isOver) return;
      world.random.pick(this.#kinds)();
      this.#next();
    });
  }

  readonly #kinds: readonly (() => void)[] = [
    () => this.#killScheduler(),
    () => this.#killScheduler(),
    () => this.#killAgent(),
    () => this.#killAgent(),
    () => this.#crashHost(),
    () => this.#partition(),
    () => this.#partition(),
    () => this.#isolate(),
    () => this.#isolate(),
    () => this.#hangAgent(),
    () => this.#restartAgent(),
    () => this.#cryPanic(),
    () => this.#breakConnection(),
    () => this.#stopDatabase(),
    () => this.#slowDisks(),
    () => this.#stopEngine(),
    () => this.#jumpClock(),
    () => this.#pause(),
    () => this.#pause(),
    () => this.#killContainer(),
  ];

  #killScheduler(): void {
    const { world, schedulers } = this.#simulation;
    const seat = world.random.pick(schedulers);
    const awaits = world.random.between(1, 60);
    seat.process?.killSoon(awaits);
    world.fault('scheduler killed', `${seat.name} dies ${awaits} awaits from now`);
    this.#later(500, 8_000, () => {
      seat.process?.kill();
      this.#simulation.startScheduler(seat);
    });
  }

  #killAgent(): void {
    const { world, hosts } = this.#simulation;
    const seat = world.random.pick(hosts);
    const awaits = world.random.between(1, 60);
    seat.process?.killSoon(awaits);
    world.fault('agent killed', `that of ${seat.host.name} dies ${awaits} awaits from now`);
    this.#later(200, 6_000, () => {
      seat.process?.kill();
      this.#simulation.startAgent(seat);
    });
  }

  #crashHost(): void {
    const { world, hosts } = this.#simulation;
    const seat = world.random.pick(hosts);
    world.fault('host crashed', seat.host.name);
    this.#powerOff(seat);
  }

  #powerOff(seat: HostSeat): void {
    this.#simulation.powerOff(seat);
    this.#later(2_000, 15_000, () => this.#simulation.powerOn(seat));
  }

  #partition(): void {
    const { world, hosts, schedulers, network } = this.#simulation;
    const { random } = world;
    const from = random.pick(hosts).host.name;
    const to = random.chance(0.7) ? random.pick(schedulers).name : random.pick(hosts).host.name;
    const pairs: (readonly [string, string])[] = random.pick([
      [[from, to]],
      [[to, from]],
      [
        [from, to],
        [to, from],
      ],
    ]);
    world.fault('partition', pairs.map(([a, b]) => `${a} to ${b}`).join(' and '));
    for (const [a, b] of pairs) network.block(a, b);
    this.#later(500, 20_000, () => {
      for (const [a, b] of pairs) network.unblock(a, b);
    });
  }

  // One host, and all that it would hear or reach: everything, the hosts alone, or any part of it.
  #isolate(): void {
    const { world, hosts, schedulers, network } = this.#simulation;
    const { random } = world;
    const { name } = random.pick(hosts).host;
    const others = hosts.flatMap(({ host }) => (host.name === name ? [] : [host.name as string]));
    const all = [...others, ...schedulers.map((seat) => seat.name)];
    const peers = random.pick([all, all, others, all.filter(() => random.chance(0.5))]);
    const ways = random.pick(['to', 'from', 'both', 'both'] as const);
    const pairs = peers.flatMap((peer): (readonly [string, string])[] => [
      ...(ways === 'from' ? [] : [[name, peer] as const]),
      ...(ways === 'to' ? [] : [[peer, name] as const]),
    ]);
    world.fault('isolation', `${name}, ${ways}: ${peers.join(', ')}`);
    for (const [a, b] of pairs) network.block(a, b);
    this.#later(500, 20_000, () => {
      for (const [a, b] of pairs) network.unblock(a, b);
    });
  }

  // The kernel goes on answering: only the silence of the agent tells.
  #hangAgent(): void {
    const { world, hosts } = this.#simulation;
    const seat = world.random.pick(hosts);
    const forMs = world.random.between(simTimings.agentSilentMs, 25_000);
    seat.process?.pause(forMs);
    world.fault('user space hangs', `${seat.host.name} for ${forMs} ms`);
  }

  #restartAgent(): void {
    const { world, hosts } = this.#simulation;
    const seat = world.random.pick(hosts);
    const { process } = seat;
    const pulse = seat.host.pulse?.pulse;
    if (process?.isAlive !== true || pulse === undefined) return;
    world.fault('agent restarted', `that of ${seat.host.name}`);
    pulse.leave(() => {
      process.kill();
      if (this.#isOver) this.#simulation.startAgent(seat);
    });
    this.#later(1_300, 5_000, () => {
      process.kill();
      this.#simulation.startAgent(seat);
    });
  }

  // Somebody says that a host has panicked, whether it has or not.
  #cryPanic(): void {
    const { world, hosts, schedulers } = this.#simulation;
    const { scheduler } = world.random.pick(schedulers);
    const seat = world.random.pick(hosts);
    if (scheduler === null) return;
    world.fault('word of a panic', seat.host.name);
    if (world.random.chance(0.5)) this.#powerOff(seat);
    scheduler.detection.hurry(seat.host.name);
  }

  #breakConnection(): void {
    const { world, network } = this.#simulation;
    const name = network.breakOne();
    if (name !== null) world.fault('connection broken', name);
  }

  #stopDatabase(): void {
    const { world, database } = this.#simulation;
    const untilMs = world.nowMs + world.random.between(100, 9_000);
    world.fault('database down', `until ${(untilMs / 1_000).toFixed(3)}`);
    database.goDown(untilMs);
  }

  #slowDisks(): void {
    const { world, database, hosts } = this.#simulation;
    const untilMs = world.nowMs + world.random.between(500, 8_000);
    world.fault('slow disks', `until ${(untilMs / 1_000).toFixed(3)}`);
    if (world.random.chance(0.5)) database.goSlow(untilMs);
    world.random.pick(hosts).host.disk.slowUntilMs = untilMs;
  }

  #stopEngine(): void {
    const { world, hosts } = this.#simulation;
    const { host } = world.random.pick(hosts);
    const untilMs = world.nowMs + world.random.between(500, 8_000);
    world.fault('engine down', `${host.name} until ${(untilMs / 1_000).toFixed(3)}`);
    host.stopEngine(untilMs);
  }

  #jumpClock(): void {
    const { world, hosts, schedulers } = this.#simulation;
    const seat = world.random.pick([...hosts, ...schedulers]);
    const byMs = world.random.between(-3_600_000, 3_600_000);
    seat.process?.jumpWallClock(byMs);
    world.fault('clock jump', `${seat.process?.name ?? 'nobody'} by ${byMs} ms`);
  }

  #pause(): void {
    const { world, hosts, schedulers } = this.#simulation;
    const seat = world.random.pick([...schedulers, ...hosts, ...schedulers]);
    const forMs = world.random.between(200, 12_000);
    seat.process?.pause(forMs);
    world.fault('process stopped', `${seat.process?.name ?? 'nobody'} for ${forMs} ms`);
  }

  #killContainer(): void {
    const { world, hosts } = this.#simulation;
    const { host } = world.random.pick(hosts);
    const name = host.killContainer();
    if (name !== null) world.fault('container killed', `${name} on ${host.name}`);
  }

  #later(leastMs: number, mostMs: number, run: () => void): void {
    const { world } = this.#simulation;
    world.after(world.random.between(leastMs, mostMs), () => {
      if (!this.#isOver) run();
    });
  }
}
