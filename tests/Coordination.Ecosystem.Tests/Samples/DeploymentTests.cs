using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Coordination.Ecosystem.Tests.Samples;

/// <summary>The Web sample's image, composition and manifests fit together, the repository, and the application's own configuration. Without an engine: nothing is built or run.</summary>
public sealed partial class DeploymentTests
{
    private static readonly string Sample = Path.Combine(SampleProgram.Root, "samples", "Web");
    private static readonly ComposeFile Compose = ComposeFile.Parse(Read("docker-compose.yml"));

    private static readonly List<IKubernetesObject<V1ObjectMeta>> Manifests =
    [
        .. new[] { "redis.yaml", "web.yaml" }
            .SelectMany(static file => KubernetesYaml.LoadAllFromString(Read(Path.Combine("deploy", file)), strict: true))
            .Cast<IKubernetesObject<V1ObjectMeta>>(),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string ExposedPort => Exposed().Match(Read("Dockerfile")).Groups[1].Value;

    public static TheoryData<string> Backends => ["Redis", "Etcd", "ZooKeeper"];

    [Fact]
    public void The_image_is_built_from_what_is_there()
    {
        var lines = Read("Dockerfile").Split('\n').Where(static line => line.Length > 0 && line[0] != '#').ToList();
        var stages = lines.Where(static line => line.StartsWith("FROM", StringComparison.Ordinal)).Select(static line => line.Split(' ')).ToList();
        var project = Assert.Single(lines, static line => line.Contains("dotnet publish", StringComparison.Ordinal)).Split("publish ")[1].Split(' ')[0];

        // The images are of the version that the projects target.
        var version = $"{Environment.Version.Major}.0";
        Assert.Equal([$"mcr.microsoft.com/dotnet/sdk:{version}", $"mcr.microsoft.com/dotnet/aspnet:{version}"], stages.Select(static stage => stage[1]));
        Assert.Contains($"COPY --from={stages[0][3]} /app .", lines);
        Assert.Equal(Sample, Path.Combine(SampleProgram.Root, project));
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"{Path.GetFileName(SampleProgram.Find("Web"))}\"]", lines);
        Assert.Equal("8080", ExposedPort); // where the base image listens
    }

    [Fact]
    public void What_the_image_is_built_from_is_not_ignored()
    {
        var ignored = Read("Dockerfile.dockerignore").Split('\n').Where(static line => line.Length > 0 && line[0] != '#').ToList();
        var needed = Projects(Path.Combine(Sample, "Web.csproj")).Select(Path.GetDirectoryName)
            .Select(static directory => Path.GetRelativePath(SampleProgram.Root, directory!))
            .Concat(["Directory.Build.props", "Directory.Packages.props", "global.json", "eng", "src"])
            .ToHashSet();

        Assert.Equal(5, needed.Count(static path => path.StartsWith("src" + Path.DirectorySeparatorChar, StringComparison.Ordinal)));
        Assert.All(needed, path => Assert.True(Path.Exists(Path.Combine(SampleProgram.Root, path)), path));
        Assert.All(ignored.Where(static pattern => !pattern.StartsWith("**/", StringComparison.Ordinal)), pattern => Assert.DoesNotContain(pattern, needed));
        Assert.All(ignored.Where(static pattern => pattern.StartsWith("**/", StringComparison.Ordinal)), static pattern => Assert.Contains(pattern[3..], (string[])["bin", "obj", "TestResults"]));
    }

    [Fact]
    public void The_composition_names_files_and_services_that_are_there_and_images_of_one_version()
    {
        foreach (var (name, service) in Compose.Services)
        {
            Assert.True(service.Build is null != service.Image is null, name);
            Assert.All(service.DependsOn, static other => Assert.Contains(other, Compose.Services.Keys));
            Assert.All(service.Volumes, static volume => Assert.True(File.Exists(Path.Combine(Sample, volume.Split(':')[0])), volume));
            if (service.Image is not null)
            {
                Assert.Matches(@":v?[0-9]+(\.[0-9]+)*$", service.Image);
            }
        }

        var web = Compose.Services["web"];
        Assert.Equal(SampleProgram.Root, Path.GetFullPath(Path.Combine(Sample, web.Build!.Context)));
        Assert.True(File.Exists(Path.Combine(SampleProgram.Root, web.Build.Dockerfile)));

        // A port of this machine for each replica; more time to stop than the host takes.
        var ports = Assert.Single(web.Ports).Split(':');
        var range = ports[0].Split('-').Select(int.Parse).ToList();
        Assert.Equal((ExposedPort, web.Deploy!.Replicas), (ports[1], range[1] - range[0] + 1));
        Assert.True(int.Parse(web.StopGracePeriod!.TrimEnd('s')) > new HostOptions().ShutdownTimeout.TotalSeconds);
        var published = Compose.Services.Values.SelectMany(static service => service.Ports).Select(static port => port.Split(':')[0]).ToList();
        Assert.Equal(published.Count, published.Distinct().Count());
    }

    [Fact]
    public void Prometheus_scrapes_the_composition_and_Grafana_shows_it()
    {
        var scrape = Read(Path.Combine("deploy", "prometheus.yml"));
        Assert.Contains("names: [\"web\"]", scrape, StringComparison.Ordinal);
        Assert.Contains($"port: {ExposedPort}", scrape, StringComparison.Ordinal);

        var source = new Uri(Regex.Match(Read(Path.Combine("deploy", "grafana", "datasource.yml")), "url: (.+)").Groups[1].Value);
        Assert.Equal($"{source.Port}:{source.Port}", Assert.Single(Compose.Services[source.Host].Ports));

        var folder = Regex.Match(Read(Path.Combine("deploy", "grafana", "dashboards.yml")), "path: (.+)").Groups[1].Value;
        var grafana = Compose.Services["grafana"];
        var dashboard = Assert.Single(grafana.Volumes, volume => volume.Contains($":{folder}/", StringComparison.Ordinal)).Split(':');
        Assert.Equal(dashboard[1], grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]);
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public async Task The_compositions_settings_are_the_applications_and_lead_to_a_server_of_it(string backend)
    {
        var settings = Compose.Services["web"].Environment.ToDictionary(
            static variable => variable.Key, variable => variable.Value.Replace("${BACKEND:-Redis}", backend, StringComparison.Ordinal));

        var server = await StartAsync(settings, backend);

        Assert.Equal(backend.ToLowerInvariant(), server.Split(':')[0]);
        Assert.Contains(server.Split(':')[0], Compose.Services.Keys);
    }

    [Fact]
    public async Task The_manifests_settings_are_the_applications_and_lead_to_a_service_of_theirs()
    {
        var web = Assert.Single(All<V1Deployment>(), static deployment => deployment.Name() == "coordination-web");
        var map = Assert.Single(Assert.Single(web.Spec.Template.Spec.Containers).EnvFrom).ConfigMapRef.Name;
        var settings = Assert.Single(All<V1ConfigMap>(), configuration => configuration.Name() == map).Data;

        var server = (await StartAsync(settings, settings["Coordination__Backend"])).Split(':');

        var service = Assert.Single(All<V1Service>(), service => service.Name() == server[0]);
        Assert.Equal(int.Parse(server[1]), Assert.Single(service.Spec.Ports).Port);
    }

    [Fact]
    public void The_manifests_select_their_pods_by_labels_and_ports_that_these_have()
    {
        Assert.Equal(6, Manifests.Count);
        Assert.All(All<V1Deployment>(), static deployment => Assert.True(Selects(deployment.Spec.Selector.MatchLabels, deployment)));
        foreach (var service in All<V1Service>())
        {
            var pods = Assert.Single(All<V1Deployment>(), deployment => Selects(service.Spec.Selector, deployment)).Spec.Template.Spec;
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, PortsOf(pods)));
        }

        Assert.All(All<V1PodDisruptionBudget>(), static budget => Assert.Single(All<V1Deployment>(), deployment => Selects(budget.Spec.Selector.MatchLabels, deployment)));
    }

    [Fact]
    public void The_pods_are_probed_where_the_application_listens_and_have_time_to_hand_over()
    {
        var pods = Assert.Single(All<V1Deployment>(), static deployment => deployment.Name() == "coordination-web").Spec.Template;
        var container = Assert.Single(pods.Spec.Containers);

        Assert.Equal(int.Parse(ExposedPort), Assert.Single(container.Ports).ContainerPort);
        Assert.Equal("/health", container.ReadinessProbe.HttpGet.Path);
        Assert.Contains("MapHealthChecks(\"/health\")", Read("Program.cs"), StringComparison.Ordinal);
        Assert.Contains(container.ReadinessProbe.HttpGet.Port.Value, PortsOf(pods.Spec));
        Assert.Contains(container.LivenessProbe.TcpSocket.Port.Value, PortsOf(pods.Spec));
        Assert.True(container.ReadinessProbe.TimeoutSeconds > new CoordinatorOptions().OperationTimeout.TotalSeconds);
        Assert.True(pods.Spec.TerminationGracePeriodSeconds > new HostOptions().ShutdownTimeout.TotalSeconds);
        Assert.Equal(ExposedPort, pods.Metadata.Annotations["prometheus.io/port"]);
        Assert.DoesNotContain("cpu", container.Resources.Limits.Keys);
    }

    /// <summary>Starts a host with the sample's appsettings.json and these environment variables over it, which sends nothing.</summary>
    /// <returns>The server's name and port, as the backend's options have it.</returns>
    private static async Task<string> StartAsync(IEnumerable<KeyValuePair<string, string>> environment, string backend)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddJsonFile(Path.Combine(Sample, "appsettings.json"));
        var known = builder.Configuration.AsEnumerable().Select(static pair => pair.Key).ToHashSet();
        var settings = environment.ToDictionary(static pair => pair.Key.Replace("__", ":", StringComparison.Ordinal), static string? (pair) => pair.Value);
        Assert.All(settings.Keys, key => Assert.Contains(key, known));
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services
            .AddCoordinator(builder.Configuration.GetSection("Coordination"))
            .UseConfiguredBackend(static backends => backends.AddRedis().AddEtcd().AddZooKeeper());
        using var host = builder.Build();
        await host.StartAsync(Ct);
        await host.StopAsync(Ct);
        var server = settings.Single(pair => pair.Key.StartsWith($"Coordination:{backend}:", StringComparison.Ordinal)).Value!;
        return server.Replace("http://", "", StringComparison.Ordinal);
    }

    private static IEnumerable<T> All<T>() => Manifests.OfType<T>();

    private static bool Selects(IDictionary<string, string> selector, V1Deployment deployment) =>
        selector.All(label => deployment.Spec.Template.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    private static IEnumerable<string> PortsOf(V1PodSpec pods) => pods.Containers.SelectMany(static container => container.Ports).Select(static port => port.Name);

    /// <summary>A project and those that it refers to.</summary>
    private static IEnumerable<string> Projects(string project) =>
        Reference().Matches(File.ReadAllText(project))
            .Select(match => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, match.Groups[1].Value)))
            .SelectMany(Projects)
            .Append(project);

    private static string Read(string file) => File.ReadAllText(Path.Combine(Sample, file)).ReplaceLineEndings("\n");

    [GeneratedRegex("^EXPOSE ([0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Exposed();

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex Reference();
}
