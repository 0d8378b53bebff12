using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>A server in a process of our own, which ends with us.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _name;

    private ServerProcess(string name, Process process)
    {
        _name = name;
        _process = process;
        AtExit.Add(Kill);

        // Nobody reads its log, so it must not fill the pipe.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Where a program is, or <see langword="null"/> where there is none. Debian keeps some servers where not every user looks.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
            .SelectMany(directory => new[] { Path.Combine(directory, program), Path.Combine(directory, program + ".exe") })
            .FirstOrDefault(File.Exists);

    /// <summary>A directory in RAM where there is such a place. It goes with us, if nobody removes it before.</summary>
    public static DirectoryInfo MakeDirectory()
    {
        var directory = Directory.Exists("/dev/shm")
            ? Directory.CreateDirectory($"/dev/shm/coordination-benchmarks-{Guid.NewGuid():N}")
            : Directory.CreateTempSubdirectory("coordination-benchmarks-");
        AtExit.Add(() =>
        {
            if (Directory.Exists(directory.FullName))
            {
                directory.Delete(recursive: true);
            }
        });
        return directory;
    }

    /// <summary>Free ports of the loopback. All at once, so that no two are the same.</summary>
    public static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(static listener => listener.Start());
        int[] ports = [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(static listener => listener.Dispose());
        return ports;
    }

    public static ServerProcess Start(string program, params IEnumerable<string> arguments) => new(
        Path.GetFileName(program),
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!);

    /// <summary>Asks until the answer is yes.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> isReady, TimeSpan limit)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < limit; await Task.Delay(50))
        {
            if (_process.HasExited)
            {
                throw new UsageException($"{_name} ended with exit code {_process.ExitCode} instead of starting.");
            }

            if (await isReady())
            {
                return;
            }
        }

        throw new UsageException($"{_name} did not answer within {limit.TotalSeconds} s.");
    }

    /// <summary>Stops its threads where they are: its connections stay open, and nothing is answered.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        AtExit.Remove(Kill);
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new UsageException($"SIG{signal} could not be sent to {_name}.");
        }
    }

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(TimeSpan.FromSeconds(2));
        }
    }
}
