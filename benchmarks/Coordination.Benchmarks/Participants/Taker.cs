using System.Diagnostics;
using System.Globalization;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of a hand-off run that takes over: told <c>take IMPLEMENTATION</c> it says <c>waiting</c>, waits for the lock, says
/// <c>entered MOMENT</c>, gives the lock back and says <c>released</c>.
/// </summary>
internal static class Taker
{
    public const string Name = "taker";

    public const string Resource = "benchmark/handed-over";

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var endpoint = arguments.Text("--redis")!;
        arguments.ThrowIfAnyIsLeft();
        await using var connection = await RedisTarget.ConnectAsync(endpoint);
        var clients = Catalog.Contenders.ToDictionary(static c => c.Key, c => c.Create(connection));
        Console.WriteLine("ready");
        while (Console.ReadLine()?.Split(' ') is ["take", var key])
        {
            var acquiring = clients[key].AcquireAsync(Resource);
            Console.WriteLine("waiting");
            var held = await acquiring;
            var entered = Stopwatch.GetTimestamp();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"entered {entered}"));
            await held.DisposeAsync();
            Console.WriteLine("released");
        }

        foreach (var client in clients.Values)
        {
            await client.DisposeAsync();
        }

        return 0;
    }
}
