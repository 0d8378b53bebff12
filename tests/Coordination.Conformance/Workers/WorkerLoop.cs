using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Coordination.Conformance;

/// <summary>
/// What a worker does: it reads commands, one a line, works on one coordinator, and says what happens, one event a line. Moments are
/// timestamps of its clock, which all processes of a machine share.
/// </summary>
/// <remarks>
/// <code>
/// commands                                        events
/// hold KIND NAME                                  waiting NAME, then held NAME TOKEN AT; later perhaps lost NAME AT
/// release NAME                                    released NAME AT
/// state NAME                                      state NAME Held|Lost|Released
/// contend KIND NAME MAXCOUNT ROUNDS MILLISECONDS  visit NAME ENTER EXIT, once a round; then done NAME
/// serve NAME                                      working NAME TOKEN AT and idle NAME AT, in turns: a host with a leader-elected service
/// stop NAME                                       the host stops, then stopped NAME AT
/// quit                                            nothing: the coordinator is disposed
/// </code>
/// </remarks>
public sealed class WorkerLoop(ICoordinator coordinator, TimeProvider time, Func<CancellationToken, ValueTask<string?>> read, Action<string> write)
{
    private readonly Dictionary<string, ILease> _held = [];
    private readonly Dictionary<string, IHost> _hosts = [];
    private readonly Lock _lock = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        write("ready");
        while (await read(cancellationToken) is { } line && line != "quit")
        {
            var words = line.Split(' ');

            // Commands run side by side: a worker that waits for its turn still takes the next one.
            _ = ExecuteAsync(words, cancellationToken);
        }
    }

    private async Task ExecuteAsync(string[] words, CancellationToken cancellationToken)
    {
        try
        {
            switch (words[0])
            {
                case "hold":
                    await HoldAsync(Enum.Parse<Primitive>(words[1]), words[2], cancellationToken);
                    break;
                case "release":
                    await Held(words[1]).ReleaseAsync(cancellationToken);
                    write($"released {words[1]} {Now}");
                    break;
                case "state":
                    write($"state {words[1]} {Held(words[1]).State}");
                    break;
                case "contend":
                    await ContendAsync(Enum.Parse<Primitive>(words[1]), words[2], Number(words[3]), Number(words[4]), Number(words[5]), cancellationToken);
                    break;
                case "serve":
                    await ServeAsync(words[1], cancellationToken);
                    break;
                case "stop":
                    await StopAsync(words[1], cancellationToken);
                    break;
                default:
                    write($"error unknown command {words[0]}");
                    break;
            }
        }
        catch (Exception exception)
        {
            write($"error {words[0]} {exception.GetType().Name} {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private string Now => time.GetTimestamp().ToString(CultureInfo.InvariantCulture);

    private async Task HoldAsync(Primitive primitive, string name, CancellationToken cancellationToken)
    {
        write($"waiting {name}");
        var lease = await coordinator.AcquireAsync(primitive, name, cancellationToken);
        lock (_lock)
        {
            _held[name] = lease;
        }

        write($"held {name} {(lease as IFencedLease)?.FencingToken.ToString() ?? "0"} {Now}");
        lease.Lost.Register(() => write($"lost {name} {Now}"));
    }

    private async Task ContendAsync(Primitive primitive, string name, int maxCount, int rounds, int milliseconds, CancellationToken cancellationToken)
    {
        for (var round = 0; round < rounds; round++)
        {
            var lease = primitive == Primitive.Semaphore
                ? await coordinator.CreateSemaphore(name, maxCount).AcquireAsync(cancellationToken)
                : await coordinator.AcquireAsync(primitive, name, cancellationToken);
            var enter = Now;
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellationToken);
            var exit = Now;
            var state = lease.State;
            await lease.DisposeAsync();

            // A stay whose lease was lost meanwhile ended when it was lost; it does not count.
            if (state == LeaseState.Held)
            {
                write($"visit {name} {enter} {exit}");
            }
        }

        write($"done {name}");
    }

    private async Task ServeAsync(string name, CancellationToken cancellationToken)
    {
        var journal = new TermJournal { Began = (_, token) => write($"working {name} {token} {Now}"), Ended = _ => write($"idle {name} {Now}") };
        var host = HostUnderTest.Create(
            journal, "worker", time, services => services.AddCoordinator().UseInMemory().AddLeaderElectedService<RecordedService>(name), coordinator);
        lock (_lock)
        {
            _hosts[name] = host;
        }

        await host.StartAsync(cancellationToken);
    }

    private async Task StopAsync(string name, CancellationToken cancellationToken)
    {
        IHost host;
        lock (_lock)
        {
            host = _hosts[name];
        }

        await host.StopAsync(cancellationToken);
        host.Dispose();
        write($"stopped {name} {Now}");
    }

    private ILease Held(string name)
    {
        lock (_lock)
        {
            return _held[name];
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
