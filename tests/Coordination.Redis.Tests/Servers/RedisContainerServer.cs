using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Testcontainers.Redis;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A Redis in a container, made by Testcontainers from an image that the Docker engine has already: none is pulled.</summary>
public sealed class RedisContainerServer : TestServer
{
    private const string Image = "redis:7.0";

    private RedisContainer? _container;
    private bool _isPaused;

    /// <summary>Whether an engine answers and has the image.</summary>
    public static bool IsAvailable { get; } = HasImage();

    /// <summary>Whether it is a failure when it is not available: whoever runs the tests says so where they made both.</summary>
    public static bool IsRequired => Environment.GetEnvironmentVariable("COORDINATION_REQUIRE_DOCKER") == "1";

    /// <inheritdoc/>
    public override async Task StartAsync()
    {
        // A port that is chosen anew at each start would be another server to those that wait for this one to come back.
        _container ??= new RedisBuilder(Image)
            .WithPortBinding(Port, RedisBuilder.RedisPort)
            .WithLogger(NullLogger.Instance)
            .WithCommand("--save", "", "--appendonly", "yes", "--appendfsync", "no")
            .Build();
        await _container.StartAsync();
        while (!await AnswersAsync())
        {
            await Task.Delay(10);
        }
    }

    /// <inheritdoc/>
    public override async Task FreezeAsync()
    {
        await Container.PauseAsync();
        _isPaused = true;
    }

    /// <inheritdoc/>
    public override async Task ResumeAsync()
    {
        await Container.UnpauseAsync();
        _isPaused = false;
    }

    /// <inheritdoc/>
    public override async Task KillAsync() => await Container.StopAsync();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_isPaused)
        {
            await ResumeAsync();
        }

        if (_container is not null)
        {
            await _container.DisposeAsync();
        }
    }

    private RedisContainer Container => _container ?? throw new InvalidOperationException("The container was not started.");

    private static bool HasImage()
    {
        try
        {
            using var docker = Process.Start(new ProcessStartInfo("docker", ["image", "inspect", Image])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            docker.OutputDataReceived += static (_, _) => { };
            docker.BeginOutputReadLine();
            docker.ErrorDataReceived += static (_, _) => { };
            docker.BeginErrorReadLine();
            docker.WaitForExit();
            return docker.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // no docker on this machine
        }
    }
}
