using System.Diagnostics;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Servers;

/// <summary>Independent masters that are ready for Redlock: a new set admits itself when it has been up for as long as a lease may live.</summary>
internal static class RedlockSet
{
    /// <summary>The longest lease, and the one that is used: how long a new set of masters is waited for. Shorter than the default, so that a run need not wait for a minute.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Limit = Longest + TimeSpan.FromSeconds(30);

    public static async Task<RedisTarget> OpenAsync(string? given, int count)
    {
        var target = await RedisTarget.OpenMastersAsync(given, count);
        try
        {
            return await Screen.StepAsync("Redlock: the set of masters is admitted", async _ =>
            {
                await AdmitAsync(target);
                return target;
            });
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection to each master.</summary>
    public static async Task<IReadOnlyList<ConnectionMultiplexer>> ConnectAsync(string connection) =>
        await Task.WhenAll(connection.Split(',').Select(RedisTarget.ConnectAsync));

    /// <summary>Our backend over such connections.</summary>
    public static RedlockBackend Backend(IReadOnlyList<ConnectionMultiplexer> connections) =>
        new(connections, new RedlockBackendOptions { LongestDuration = Longest });

    private static async Task AdmitAsync(RedisTarget target)
    {
        await using var client = await CoordinationLock.ConnectAsync(Store.Redlock, new ClientSettings("", target.Connection, ""));
        for (var since = Stopwatch.GetTimestamp(); ; await Task.Delay(250))
        {
            try
            {
                await (await client.AcquireAsync("benchmark/admitted", ClaimMode.Exclusive, CancellationToken.None)).DisposeAsync();
                return;
            }
            catch (CoordinationException exception)
            {
                if (!exception.IsTransient || Stopwatch.GetElapsedTime(since) > Limit)
                {
                    throw new UsageException($"The masters at {target.Connection} do not make a set: {exception.Message}");
                }
            }
        }
    }
}
