using System.Globalization;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Coordination.Benchmarks.Reporting;

/// <summary>Where a run was made: without it its figures mean nothing.</summary>
internal sealed record RunEnvironment(
    string Time, int Cores, string Processor, string OperatingSystem, string Runtime, string GarbageCollector, string Load, IReadOnlyDictionary<string, string> Libraries)
{
    private static readonly string[] Measured =
        ["Coordination", "StackExchange.Redis", "Grpc.Net.Client", "dotnet-etcd", "DistributedLock.Redis", "RedLockNet.SERedis", "HdrHistogram"];

    public static RunEnvironment Capture() => new(
        TimeProvider.System.GetUtcNow().ToString("u", CultureInfo.InvariantCulture),
        Environment.ProcessorCount,
        ReadProcessor(),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        GCSettings.IsServerGC ? "server" : "workstation",
        ReadLoad(),
        Measured.ToDictionary(static name => name, VersionOf, StringComparer.Ordinal));

    public IEnumerable<string> Lines()
    {
        yield return $"{Time}: {Cores} cores ({Processor}), {OperatingSystem}, {Runtime}, {GarbageCollector} GC, load {Load}";
        yield return string.Join(", ", Libraries.Select(static library => $"{library.Key} {library.Value}"));
    }

    /// <summary>A machine that is busy with something else measures that.</summary>
    private static string ReadLoad() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    private static string ReadProcessor() =>
        File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown"
            : RuntimeInformation.ProcessArchitecture.ToString();

    // By name: one that cannot be loaded is named where it is needed, with what to do, and not here.
    private static string VersionOf(string name)
    {
        try
        {
            var assembly = Assembly.Load(name);
            var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown";
            return version.Length > 24 ? version[..24] : version;
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return "cannot be loaded";
        }
    }
}
