using System.Globalization;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using Grpc.Net.Client;
using Medallion.Threading.Redis;
using RedLockNet.SERedis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Reporting;

/// <summary>Where a run was made: without it its figures mean nothing.</summary>
internal sealed record RunEnvironment(
    string Time, int Cores, string OperatingSystem, string Runtime, string GarbageCollector, string Load, string Server, IReadOnlyDictionary<string, string> Libraries)
{
    public static RunEnvironment Capture(string server) => new(
        TimeProvider.System.GetUtcNow().ToString("u", CultureInfo.InvariantCulture),
        Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        GCSettings.IsServerGC ? "server" : "workstation",
        ReadLoad(),
        server,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Coordination"] = VersionOf(typeof(Coordinator)),
            ["Grpc.Net.Client"] = VersionOf(typeof(GrpcChannel)),
            ["StackExchange.Redis"] = VersionOf(typeof(ConnectionMultiplexer)),
            ["DistributedLock.Redis"] = VersionOf(typeof(RedisDistributedLock)),
            ["RedLock.net"] = VersionOf(typeof(RedLockFactory)),
        });

    public IEnumerable<string> Lines()
    {
        yield return $"{Time}: {Cores} cores, {OperatingSystem}, {Runtime}, {GarbageCollector} GC, load {Load}";
        yield return Server;
        yield return string.Join(", ", Libraries.Select(static library => $"{library.Key} {library.Value}"));
    }

    /// <summary>A machine that is busy with something else measures that.</summary>
    private static string ReadLoad() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion is { } version
            ? version.Length > 24 ? version[..24] : version
            : type.Assembly.GetName().Version?.ToString() ?? "unknown";
}
