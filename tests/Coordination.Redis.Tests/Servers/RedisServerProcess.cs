using System.Diagnostics;
using System.Globalization;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A redis-server that keeps its data in memory only, unless told otherwise.</summary>
public sealed class RedisServerProcess : ServerProcess
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coordination-redis-").FullName;
    private readonly string[] _arguments;
    private readonly bool _fakeClock;

    /// <summary>Chooses a port; <see cref="ServerProcess.StartAsync"/> starts it.</summary>
    /// <param name="arguments">Further arguments of redis-server: <c>--requirepass</c>, <c>secret</c>.</param>
    public RedisServerProcess(params string[] arguments)
        : this(fakeClock: false, arguments)
    {
    }

    /// <summary>The same, with a clock that <see cref="SetClockAsync"/> moves.</summary>
    /// <param name="fakeClock">Whether it runs under libfaketime.</param>
    /// <param name="arguments">Further arguments of redis-server.</param>
    public RedisServerProcess(bool fakeClock, params string[] arguments)
    {
        _fakeClock = fakeClock;
        _arguments = arguments;
        if (fakeClock)
        {
            File.WriteAllText(ClockFile, "+0s");
        }
    }

    /// <summary>The program, or <see langword="null"/> where there is none.</summary>
    public static string? Program { get; } = Find("redis-server");

    /// <summary>The library that fakes clocks, or <see langword="null"/> where there is none.</summary>
    public static string? FakeTimeLibrary { get; } = Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib", "*-linux-*")
            .Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    private string ClockFile => Path.Combine(_directory, "clock");

    /// <summary>Sets the server's wall clock, as far as it is off from the machine's.</summary>
    /// <param name="offset">Negative: behind.</param>
    public async Task SetClockAsync(TimeSpan offset)
    {
        var before = await OffsetAsync();

        // Moved into place: the server reads the file at each look at its clock.
        var next = ClockFile + ".next";
        await File.WriteAllTextAsync(next, string.Create(CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0.000;-0.000}s"));
        File.Move(next, ClockFile, overwrite: true);
        while (Math.Abs((await OffsetAsync() - offset).TotalMilliseconds) > 200 && before != offset)
        {
            await Task.Delay(5);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <inheritdoc/>
    protected override ProcessStartInfo StartInfo()
    {
        var start = new ProcessStartInfo(Program ?? throw new InvalidOperationException("There is no redis-server."))
        {
            ArgumentList =
            {
                "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _directory, "--save", "", "--appendonly", "no",
            },
        };
        foreach (var argument in _arguments)
        {
            start.ArgumentList.Add(argument);
        }

        if (_fakeClock)
        {
            // The C library before redis-server's own jemalloc: that one asks for the time while libfaketime starts, which hangs.
            start.Environment["LD_PRELOAD"] = $"{FakeTimeLibrary}:libc.so.6";
            start.Environment["FAKETIME_TIMESTAMP_FILE"] = ClockFile;
            start.Environment["FAKETIME_NO_CACHE"] = "1";
            start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        }

        return start;
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Append("/usr/local/bin")
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);

    private async Task<TimeSpan> OffsetAsync()
    {
        using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(EndPoint);
        return await connection.GetServer(EndPoint).TimeAsync() - DateTime.UtcNow;
    }
}
