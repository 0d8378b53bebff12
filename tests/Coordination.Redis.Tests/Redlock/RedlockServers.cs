using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>Some independent masters.</summary>
public sealed class RedlockServers : IAsyncDisposable
{
    private readonly List<ConnectionMultiplexer?> _admins = [];

    private RedlockServers(int count, bool fakeClock, bool keepsData)
    {
        string[] persistence = keepsData ? ["--appendonly", "yes", "--appendfsync", "no"] : [];
        var all = new List<RedisServerProcess>();
        while (all.Count < count)
        {
            // A free port may be drawn twice before anything listens on it.
            var next = new RedisServerProcess(fakeClock, persistence);
            if (all.All(server => server.Port != next.Port))
            {
                all.Add(next);
            }
        }

        All = all;
        _admins.AddRange(All.Select(static ConnectionMultiplexer? (_) => null));
    }

    public IReadOnlyList<RedisServerProcess> All { get; }

    public string[] EndPoints => [.. All.Select(static server => server.EndPoint)];

    /// <summary>How a backend reaches them without an engine that asks again: a first connection may take all the time that a master has.</summary>
    /// <param name="masterTimeout">That time.</param>
    public RedlockBackendOptions Options(TimeSpan masterTimeout)
    {
        var options = new RedlockBackendOptions { MasterTimeout = masterTimeout };
        foreach (var endPoint in EndPoints)
        {
            options.Masters.Add(endPoint + Patient.Connection);
        }

        return options;
    }

    /// <summary>Starts masters that nobody has admitted.</summary>
    public static async Task<RedlockServers> StartAsync(int count, bool fakeClock = false, bool keepsData = true)
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        var servers = new RedlockServers(count, fakeClock, keepsData);
        await Task.WhenAll(servers.All.Select(static server => server.StartAsync()));
        return servers;
    }

    /// <summary>Starts masters that were admitted, as if they had been up for long.</summary>
    public static async Task<RedlockServers> StartAdmittedAsync(int count, bool fakeClock = false)
    {
        var servers = await StartAsync(count, fakeClock);
        await servers.AdmitAsync();
        return servers;
    }

    /// <summary>A connection that may do everything.</summary>
    public async Task<ConnectionMultiplexer> AdminAsync(int master) =>
        _admins[master] ??= await ConnectionMultiplexer.ConnectAsync($"{All[master].EndPoint},allowAdmin=true,abortConnect=false,connectTimeout=20000,syncTimeout=20000,asyncTimeout=20000");

    public async Task<IDatabase> DatabaseAsync(int master) => (await AdminAsync(master)).GetDatabase();

    /// <summary>Whether a master was admitted since it started.</summary>
    public async Task<bool> IsAdmittedAsync(int master)
    {
        var run = await (await DatabaseAsync(master)).HashGetAsync("coordination:redlock", "run");
        var info = await (await AdminAsync(master)).GetServer(All[master].EndPoint).InfoRawAsync("server");
        return run.HasValue && info!.Contains((string)run!, StringComparison.Ordinal);
    }

    /// <summary>
    /// Admits all masters by hand. What an operator may do who knows that nothing was forgotten that anybody still goes by; the wait that the library insists on would take
    /// as long as the longest lease. <see cref="AdmissionTests"/> are about the library's own way.
    /// </summary>
    public Task AdmitAsync() => Task.WhenAll(Enumerable.Range(0, All.Count).Select(AdmitAsync));

    public async Task AdmitAsync(int master)
    {
        const string Script = """
            local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
            local time = redis.call('TIME')
            local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
            local floor = math.max(tonumber(redis.call('HGET', KEYS[1], 'top') or '0'), micros)
            redis.call('HSET', KEYS[1], 'run', run, 'born', string.format('%.0f', micros), 'born_run', run, 'peers', '', 'restarted', '0',
              'floor', string.format('%.0f', floor), 'top', string.format('%.0f', floor + 1000000), 'longest', ARGV[1])
            """;
        var database = await DatabaseAsync(master);
        await database.ScriptEvaluateAsync(Script, ["coordination:redlock"], [86_400_000]);
    }

    /// <summary>Starts a master again, with the data that it has on disk, and nobody has admitted it yet.</summary>
    public async Task RestartAsync(int master)
    {
        await All[master].StartAsync();

        // The old connection would take its time to come back.
        if (_admins[master] is { } old)
        {
            _admins[master] = null;
            await old.CloseAsync(allowCommandsToComplete: false);
            await old.DisposeAsync();
        }
    }

    public async Task FlushAsync(int master) => await (await DatabaseAsync(master)).ExecuteAsync("FLUSHALL");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in All)
        {
            await server.DisposeAsync();
        }

        foreach (var admin in _admins.OfType<ConnectionMultiplexer>())
        {
            await admin.CloseAsync(allowCommandsToComplete: false); // nobody is there to answer a good-bye
            await admin.DisposeAsync();
        }
    }
}
